"""How long PostgreSQL may work at a statement, where a page's limits don't suit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def unhurried() -> Iterator[None]:
    """Inside, a statement may take as long as it takes: migrations, and making an index anew.

    Waiting for a lock stays limited, since everybody else waits behind who waits for a table; not
    so behind what is done concurrently, see operations.py.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    try:
        yield
    finally:
        if connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("RESET statement_timeout")


def look_at_tables() -> None:
    """Have PostgreSQL look at what has just been loaded in bulk.

    Until it has, it takes full tables for empty ones, and reads all of the journal for each batch
    that the search index is made of.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
