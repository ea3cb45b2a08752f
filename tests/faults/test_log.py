"""The database's own log holds nothing that customers wrote: forgetting doesn't reach it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import ClientCursor, errors

from tests.deploy.templates import parse, properties, text_of
from tests.faults.postgres import PATIENCE, Server, own_server

pytestmark = pytest.mark.skipif(
    "DATABASE_URL" not in os.environ, reason="it is PostgreSQL's log that is read"
)

WORDS = "my card was stolen in Lisbon"
ADDED = "INSERT INTO message (id, text) VALUES (%s, %s)"
CHANGED = "UPDATE message SET text = %s WHERE id = %s"


@contextmanager
def connected(server: Server) -> Iterator[psycopg.Connection]:
    """As the desk is: the driver puts values into the statement."""
    with psycopg.connect(server.url, autocommit=True, cursor_factory=ClientCursor) as connection:
        connection.execute("SET deadlock_timeout = '100ms'")
        yield connection


def slow(one: psycopg.Connection, _: psycopg.Connection) -> None:
    one.execute("SELECT pg_sleep(1.2), %s", [WORDS])


def refused(one: psycopg.Connection, _: psycopg.Connection) -> None:
    """The detail of its error quotes the row."""
    with pytest.raises(errors.NotNullViolation):
        one.execute(ADDED, [None, WORDS])


def cut_off(one: psycopg.Connection, _: psycopg.Connection) -> None:
    one.execute("SET statement_timeout = '50ms'")
    with pytest.raises(errors.QueryCanceled):
        one.execute("SELECT pg_sleep(9), %s", [WORDS])


def waiting(one: psycopg.Connection, other: psycopg.Connection) -> None:
    """Longer than deadlock_timeout, so that it is logged."""
    with one.transaction():
        one.execute(CHANGED, ["x", 1])
        waiter = threading.Thread(target=other.execute, args=(CHANGED, [WORDS, 1]))
        waiter.start()
        time.sleep(0.5)
    waiter.join(timeout=PATIENCE)


def deadlocked(one: psycopg.Connection, other: psycopg.Connection) -> None:
    """Its detail has the statements of both."""

    def cross() -> None:
        try:
            with other.transaction():
                other.execute(CHANGED, ["y", 2])
                barrier.wait(PATIENCE)
                other.execute(CHANGED, [WORDS, 1])
        except errors.DeadlockDetected:
            ended.append("other")

    barrier, ended = threading.Barrier(2), list[str]()
    crossing = threading.Thread(target=cross)
    crossing.start()
    try:
        with one.transaction():
            one.execute(CHANGED, ["x", 1])
            barrier.wait(PATIENCE)
            one.execute(CHANGED, [WORDS, 2])
    except errors.DeadlockDetected:
        ended.append("one")
    crossing.join(timeout=PATIENCE)
    assert len(ended) == 1


TROUBLE = (slow, refused, cut_off, waiting, deadlocked)


def told(settings: dict[str, str]) -> dict[str, bool]:
    """By the kind of trouble, whether a server with these settings logs the words."""
    found = {}
    with own_server(**settings) as server, connected(server) as first:
        first.execute("CREATE TABLE message (id int PRIMARY KEY, text text)")
        for number in (1, 2):
            first.execute(ADDED, [number, ""])
        log = server.folder / "log"
        for trouble in TROUBLE:
            before = log.stat().st_size
            _have(trouble, server)
            found[trouble.__name__] = WORDS in log.read_bytes()[before:].decode()
    return found


def _have(
    trouble: Callable[[psycopg.Connection, psycopg.Connection], None], server: Server
) -> None:
    with connected(server) as one, connected(server) as other:
        trouble(one, other)


def test_rds_logs_no_words() -> None:
    group = properties(parse(text_of("data"))["Resources"]["DatabaseSettings"])["Parameters"]
    settings = {name: value for name, value in group.items() if not name.startswith("rds.")}

    assert told(settings) == {trouble.__name__: False for trouble in TROUBLE}


def test_they_would_be_logged_by_default() -> None:
    """So that the above can fail: with the log that is usual, of slow statements and of waits."""
    usual = {"log_min_duration_statement": "1000", "log_lock_waits": "on"}

    assert told(usual) == {trouble.__name__: True for trouble in TROUBLE}
