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
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

# By version of the file, each from the one before it.
_SCHEMAS = (
    """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    body TEXT NOT NULL,
    claims INTEGER NOT NULL DEFAULT 0,
    leased_until REAL NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS message_next ON message (queue, id);
""",
    """
CREATE TABLE IF NOT EXISTS dead (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    body TEXT NOT NULL,
    claims INTEGER NOT NULL,
    died_at REAL NOT NULL
);
""",
)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a message until the lease ends. `number` tells claims of one apart."""

    id: int
    number: int
    body: str


@dataclass(frozen=True, slots=True)
class Dead:
    """A message that was given up. `died_at` in seconds since 1970."""

    id: int
    queue: str
    body: str
    claims: int
    died_at: float


class LeaseQueue:
    """Any number of named queues in the file at `path`, shared by threads and processes.

    `lease` in seconds; `times` says of a queue how often a message of it may be taken before it is
    given up. Raises sqlite3.OperationalError if the file can't be had within `patience`
    seconds.
    """

    def __init__(
        self,
        path: Path,
        *,
        lease: float,
        patience: float = 30,
        times: Callable[[str], int] = lambda _queue: 10,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self.lease = lease
        self._patience = patience
        self._times = times
        self._clock = clock
        self._local = threading.local()

    def put(self, queue: str, body: str, *, delay: float = 0) -> None:
        """Stored when this returns, and nobody's for `delay` seconds."""
        self._connection().execute(
            "INSERT INTO message (queue, body, leased_until) VALUES (?, ?, ?)",
            (queue, body, self._clock() + delay if delay else 0),
        )

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
        if claim.number > self._times(queue):
            self._give_up(claim)  # it fails always, or kills who takes it
            return self.claim(queue)
        return claim

    def _give_up(self, claim: Claim) -> None:
        logger.error("job given up after %d claims: %s", claim.number - 1, claim.body)
        with self._at_once() as connection:
            connection.execute(
                "INSERT INTO dead SELECT id, queue, body, claims - 1, ? FROM message"
                " WHERE id = ? AND claims = ?",
                (self._clock(), claim.id, claim.number),
            )
            connection.execute(
                "DELETE FROM message WHERE id = ? AND claims = ?", (claim.id, claim.number)
            )

    def acknowledge(self, claim_id: int) -> None:
        """The work is done, whoever did it: the message is gone. Twice is no error."""
        self._connection().execute("DELETE FROM message WHERE id = ?", (claim_id,))

    def release(self, claim_id: int, number: int, *, delay: float = 0) -> None:
        """Give it back, for others to take after `delay` seconds.

        Nothing happens if the lease ran out and somebody else has it.
        """
        self._connection().execute(
            "UPDATE message SET leased_until = ? WHERE id = ? AND claims = ?",
            (self._clock() + delay if delay else 0, claim_id, number),
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

    def dead(self, limit: int) -> list[Dead]:
        """What was given up, newest first."""
        found = (
            "SELECT id, queue, body, claims, died_at FROM dead ORDER BY died_at DESC, id LIMIT ?"
        )
        return [Dead(*row) for row in self._connection().execute(found, (limit,))]

    def count_dead(self) -> int:
        counted: int = self._connection().execute("SELECT COUNT(*) FROM dead").fetchone()[0]
        return counted

    def revive(self, dead_id: int) -> bool:
        """Back to the end of its queue with a clean slate. False if it is gone."""
        with self._at_once() as connection:
            row = connection.execute(
                "DELETE FROM dead WHERE id = ? RETURNING queue, body", (dead_id,)
            ).fetchone()
            if row is not None:
                connection.execute("INSERT INTO message (queue, body) VALUES (?, ?)", row)
        return row is not None

    def bury(self, dead_id: int) -> bool:
        """Forget it. False if it is gone."""
        gone = self._connection().execute("DELETE FROM dead WHERE id = ?", (dead_id,))
        return bool(gone.rowcount)

    @contextmanager
    def _at_once(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

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
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        for number, schema in enumerate(_SCHEMAS[version:], start=version + 1):
            connection.executescript(
                f"BEGIN IMMEDIATE; {schema} PRAGMA user_version = {number}; COMMIT;"
            )
        return connection
