"""Two at the same moment, and not by chance: neither begins to write before the other does, too.

Each has read by then what is due, and so has what the other is about to do. What keeps it from
being done twice must be in the writing itself: a lock, a row looked at again, or a unique key.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import connection

PATIENCE = 2.0  # seconds; one whose other half does something else goes on by itself
_WRITING = ("BEGIN", "UPDATE", "INSERT", "DELETE")  # BEGIN takes SQLite's lock


class _Half:
    def __init__(self, meeting: threading.Barrier) -> None:
        self.meeting = meeting
        self.met_in: object = None  # the transaction whose first write has been waited for

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if self._begins_to_write(sql, context["connection"]):
            with suppress(threading.BrokenBarrierError):
                self.meeting.wait(PATIENCE)
        return execute(sql, params, many, context)

    def _begins_to_write(self, sql: str, database: Any) -> bool:
        """Once a transaction: whoever has a lock can't wait for somebody who waits for it."""
        if not (sql.lstrip().startswith(_WRITING) or "FOR UPDATE" in sql):
            return False
        outermost = database.atomic_blocks[0] if database.atomic_blocks else None
        if outermost is None:
            return True
        is_first = database.vendor != "sqlite" and outermost is not self.met_in
        self.met_in = outermost
        return is_first


def twice(work: Callable[[], object]) -> list[BaseException]:
    """Run it in two threads in step. What either raised."""
    meeting = threading.Barrier(2)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            with connection.execute_wrapper(_Half(meeting)):
                work()
        except Exception as error:  # noqa: BLE001 - the test's to judge
            errors.append(error)
        finally:
            meeting.abort()  # the other goes on alone
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors
