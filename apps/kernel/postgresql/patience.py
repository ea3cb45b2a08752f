"""How long PostgreSQL may work at a statement, where a page's limits don't suit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def unhurried(*, for_locks: bool = False) -> Iterator[None]:
    """Inside, a statement may take as long as it takes: migrations, and making an index anew.

    Waiting for a lock stays limited, since everybody else waits behind who waits for a table; but
    for who takes turns with others by a lock of their own, `for_locks`.
    """
    names = ["statement_timeout", *(["lock_timeout"] if for_locks else [])]
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"SET {name} = 0")
    try:
        yield
    finally:
        if connection.connection is not None:
            with connection.cursor() as cursor:
                for name in names:
                    cursor.execute(f"RESET {name}")
