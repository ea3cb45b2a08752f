"""Where the embedded broker puts what it gives up."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.kernel.ports import Location
from apps.ops.broker.queue import Dead, LeaseQueue
from apps.ops.dead_jobs import MOST, DeadJob, Found, UnavailableError
from apps.ops.dead_jobs.reading import read

LOOKED_THROUGH = 10_000
PATIENCE = 5  # seconds that a page waits for the file


class EmbeddedDeadJobs:
    possible = True

    def __init__(self, location: Location) -> None:
        # The lease is the workers' matter: nothing is claimed here.
        self.queue = LeaseQueue(Path(location.path), lease=60, patience=PATIENCE)

    def read(self) -> Found:
        with _told():
            return Found(
                jobs=[_job(dead) for dead in self.queue.dead(MOST)], total=self.queue.count_dead()
            )

    def count(self) -> int:
        with _told():
            return self.queue.count_dead()

    def retry(self, keys: Collection[str]) -> Iterator[DeadJob]:
        return self._each(keys, self.queue.revive)

    def drop(self, keys: Collection[str]) -> Iterator[DeadJob]:
        return self._each(keys, self.queue.bury)

    def _each(self, keys: Collection[str], act: Callable[[int], bool]) -> Iterator[DeadJob]:
        with _told():
            found = [dead for dead in self.queue.dead(LOOKED_THROUGH) if str(dead.id) in keys]
        for dead in found:
            with _told():
                done = act(dead.id)
            if done:
                yield _job(dead)


class NoDeadMessages:
    """The worker tier reads a queue of SQS; here the relay runs all subscribers itself."""

    possible = False

    def __init__(self, location: Location) -> None:
        self.location = location

    def read(self) -> Found:
        return Found(jobs=[], total=0)

    def count(self) -> int:
        return 0

    def retry(self, keys: Collection[str]) -> Iterator[DeadJob]:  # noqa: ARG002
        return iter(())

    def drop(self, keys: Collection[str]) -> Iterator[DeadJob]:  # noqa: ARG002
        return iter(())


def _job(dead: Dead) -> DeadJob:
    return read(dead.body, key=str(dead.id), queue=dead.queue, times=dead.claims)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise UnavailableError from error
