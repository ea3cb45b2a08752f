"""What every instance runs before it serves. Two at once: one migrates, the other waits."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from apps.kernel.postgresql.patience import unhurried

# Any number, the same in every release: PostgreSQL's advisory locks go by numbers.
LOCK = 7_365_847_291
AGAIN = 0.5  # seconds


def release(*, verbosity: int) -> None:
    """Bring the database up to this release, and compile its translations.

    Raises what a migration raises; the migrations before it stay done.
    """
    call_command("compile_translations", verbosity=verbosity)
    with _alone(), unhurried():
        call_command("migrate", interactive=False, verbosity=verbosity)
        call_command("createcachetable", verbosity=verbosity)  # where the cache is in the database


@contextmanager
def _alone() -> Iterator[None]:
    if connection.vendor == "postgresql":
        # Asked again and again: who waits within a statement holds a snapshot, which an index that
        # is built concurrently waits for, and neither would ever end.
        while not _taken():
            time.sleep(AGAIN)
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    else:
        # The lock goes with the process, however it ends.
        with Path(f"{connection.settings_dict['NAME']}.release").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _taken() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])
