"""Somebody else holds what a page needs: a lock that is not given, a statement without an end."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from django.db import connection

from apps.tickets.models import Ticket
from tests import databases
from tests.cast import Cast, client_of
from tests.support import transactional

pytestmark = transactional
on_postgresql = pytest.mark.skipif(not databases.SERVER, reason="PostgreSQL's limits")


def form() -> dict[str, str]:
    return {"subject": "S", "text": "T", "submission": str(uuid.uuid4())}


@contextmanager
def limited(name: str) -> Iterator[None]:
    """Inside, this process's connection has one limit of a fifth of a second, and no other."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        cursor.execute(f"SET {name} = 200")
    try:
        yield
    finally:
        connection.close()


@on_postgresql
@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
def test_what_takes_too_long_is_said_and_nothing_is_kept(cast: Cast, limit: str) -> None:
    client = client_of(cast.rachel)
    client.raise_request_exception = False
    sent = form()

    with (
        psycopg.connect(databases.url_of(connection.settings_dict["NAME"])) as other,
        limited(limit),
    ):
        other.execute("LOCK TABLE tickets_ticket IN EXCLUSIVE MODE")  # may be read, not written
        refused = client.post("/new/other/", sent)
    again = client.post("/new/other/", sent)

    assert (refused.status_code, refused["Retry-After"]) == (503, "60")
    assert again.status_code == 302
    assert Ticket.objects.count() == 1


@pytest.mark.skipif(bool(databases.SERVER), reason="SQLite has one writer")
def test_sqlite_waits_for_another_writer(cast: Cast) -> None:
    client, held, released = client_of(cast.rachel), threading.Event(), threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(connection.settings_dict["NAME"])) as other:
            other.execute("BEGIN IMMEDIATE")
            held.set()
            released.wait(timeout=60)
            other.rollback()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(timeout=60)
    threading.Timer(0.5, released.set).start()
    answer = client.post("/new/other/", form())
    holder.join()

    assert answer.status_code == 302
    assert Ticket.objects.count() == 1
