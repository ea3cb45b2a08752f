"""The database fails in the middle of traffic and comes back."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import requests
from django.db import connection

from apps.kernel.postgresql.base import DatabaseWrapper
from tests.e2e.customers import raising
from tests.e2e.desk import Desk
from tests.faults.postgres import Server, own_server

pytestmark = pytest.mark.skipif(
    "DATABASE_URL" not in os.environ, reason="it is PostgreSQL that fails"
)

CUSTOMERS = 4
FAILURES = 3


@pytest.fixture
def server() -> Iterator[Server]:
    with own_server() as server:
        yield server


@pytest.fixture
def desk(server: Server, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path, database_url=server.url, NOTIFY_AFTER_SECONDS="0")
    desk.manage("release")
    desk.manage("demo", "--tickets", "20")
    desk.start()
    try:
        yield desk
    finally:
        desk.stop()


def test_requests_fail_at_most_while_it_is_away(desk: Desk, server: Server) -> None:
    away: list[tuple[float, float]] = []

    with raising(desk, many=CUSTOMERS) as customers:
        for seconds in range(FAILURES):
            time.sleep(1)
            began = time.monotonic()
            server.fail()
            time.sleep(3 * seconds)  # shorter and longer than a request waits
            server.start()
            away.append((began, time.monotonic()))
        time.sleep(1)
    raised = [subject for customer in customers for subject in customer.raised]
    failed = [failure for customer in customers for failure in customer.failures]

    assert [customer.trouble for customer in customers] == [[]] * CUSTOMERS
    assert len(raised) >= CUSTOMERS
    assert Counter(desk.tickets("Stopping")) == Counter(raised)
    assert desk.count("facts") == len(raised)
    assert desk.count("bare") == 0
    for failure in failed:
        assert any(failure.began < to and failure.ended > since for since, to in away), failure
        assert failure.status == 503, failure


def test_who_comes_while_it_is_away_is_told_so(desk: Desk, server: Server) -> None:
    server.fail()

    page = requests.get(desk.url, timeout=30)
    alive = requests.get(f"{desk.url}/livez", timeout=30)
    ready = requests.get(f"{desk.url}/readyz", timeout=30)
    server.start()
    again = requests.get(desk.url, timeout=30)

    assert (page.status_code, page.headers["Retry-After"]) == (503, "60")
    assert "We'll be right back" in page.text.replace("&#x27;", "'")
    assert alive.status_code == 200
    assert (ready.status_code, list(ready.json()["failing"])) == (503, ["database"])
    assert again.status_code == 200


@pytest.mark.django_db
def test_a_password_that_changes_is_found(server: Server) -> None:
    """As RDS changes it: connections stay, and the next one needs the new password."""
    hba = server.folder / "data" / "pg_hba.conf"
    hba.write_text(f"host all changing 127.0.0.1/32 scram-sha-256\n{hba.read_text()}")
    password = "first"
    entry = connection.settings_dict | {
        "PORT": server.port,
        "NAME": "postgres",
        "USER": "changing",
        "NEWEST_PASSWORD": lambda: password,
    }
    entry["OPTIONS"] = entry["OPTIONS"] | {"pool": {"min_size": 0, "max_size": 1, "timeout": 5}}
    desk = DatabaseWrapper(entry, alias="changing")

    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute("CREATE ROLE changing LOGIN PASSWORD 'first'")
        admin.execute("SELECT pg_reload_conf()")
        first = asked(desk)
        admin.execute("ALTER ROLE changing PASSWORD 'second'")
        kept = asked(desk)
        password = "second"
        desk.pool.drain()  # type: ignore[union-attr]  # an hour has gone
        second = asked(desk)
    desk.close_pool()

    assert first == kept != second


def asked(desk: DatabaseWrapper) -> int:
    """The server's process that answers; the connection goes back to the pool."""
    try:
        with desk.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])
    finally:
        desk.close()
