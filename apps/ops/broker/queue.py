"""A queue of messages in one SQLite table. Every message is a row; who works on it holds a lease.

A message is taken by writing the lease's end into its row, and deleted when the work is done. A
holder that dies lets the lease run out, and the message is there for the next one: delivered at
least once, never lost. Nothing here knows Celery or Django.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

MOST_CLAIMS = 20

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    body TEXT NOT NULL,
    claims INTEGER NOT NULL DEFAULT 0,
    leased_until REAL NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS message_next ON message (queue, id);
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a message until the lease ends. `number` tells claims of one apart."""

    id: int
    number: int
    body: str


class LeaseQueue:
    """Any number of named queues in the file at `path`, shared by threads and processes.

    `lease` in seconds. Raises sqlite3.OperationalError if the file can't be had within `patience`
    seconds.
    """

    def __init__(
        self,
        path: Path,
        *,
        lease: float,
        patience: float = 30,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self.lease = lease
        self._patience = patience
        self._clock = clock
        self._local = threading.local()

    def put(self, queue: str, body: str) -> None:
        """Stored when this returns."""
        self._connection().execute("INSERT INTO message (queue, body) VALUES (?, ?)", (queue, body))

    def claim(self, queue: str) -> Claim | None:
        """The oldest message that nobody holds, now held by the caller; None if there is none."""
        connection, now = self._connection(), self._clock()
        free = "SELECT id FROM message WHERE queue = ? AND leased_until <= ? ORDER BY id LIMIT 1"
        # Looking first costs no lock: an idle worker must not get in the way of a writer.
        if connection.execute(free, (queue, now)).fetchone() is None:
            return None
        taken = connection.execute(
            f"UPDATE message SET leased_until = ?, claims = claims + 1 WHERE id = ({free})"  # noqa: S608
            " RETURNING id, claims, body",
            (now + self.lease, queue, now),
        ).fetchall()
        if not taken:
            return None
        claim = Claim(*taken[0])
        if claim.number > MOST_CLAIMS:
            # It kills who takes it. What it was to do stands in rows, which chores look at.
            logger.error("job given up after %d claims: %s", MOST_CLAIMS, claim.body)
            self.acknowledge(claim.id)
            return self.claim(queue)
        return claim

    def acknowledge(self, claim_id: int) -> None:
        """The work is done, whoever did it: the message is gone. Twice is no error."""
        self._connection().execute("DELETE FROM message WHERE id = ?", (claim_id,))

    def release(self, claim_id: int, number: int) -> None:
        """Give it back at once, unless the lease ran out and somebody else has it."""
        self._connection().execute(
            "UPDATE message SET leased_until = 0 WHERE id = ? AND claims = ?", (claim_id, number)
        )

    def extend(self, held: Iterable[tuple[int, int]]) -> None:
        """Hold these claims, as (id, number), for another lease."""
        until = self._clock() + self.lease
        self._connection().executemany(
            "UPDATE message SET leased_until = ? WHERE id = ? AND claims = ?",
            [(until, claim_id, number) for claim_id, number in held],
        )

    def size(self, queue: str) -> int:
        """How many wait or are worked on."""
        counted = "SELECT COUNT(*) FROM message WHERE queue = ?"
        size: int = self._connection().execute(counted, (queue,)).fetchone()[0]
        return size

    def purge(self, queue: str) -> int:
        """Forget all of a queue. Returns how many there were."""
        return self._connection().execute("DELETE FROM message WHERE queue = ?", (queue,)).rowcount

    def _connection(self) -> sqlite3.Connection:
        """One a thread and process: SQLite's connections survive neither a fork nor sharing."""
        local = self._local
        if getattr(local, "pid", None) != os.getpid():
            local.connection = self._open()
            local.pid = os.getpid()
        connection: sqlite3.Connection = local.connection
        return connection

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self.path, timeout=self._patience, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing with NORMAL; a power cut may lose the last moments.
        connection.execute("PRAGMA synchronous = NORMAL")
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = 1; COMMIT;")
        return connection
