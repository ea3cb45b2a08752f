"""Jobs that look at rows: the chores, and the nudge that makes one look at once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from celery import Task, current_app, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.events.envelope import as_headers, current_cause

logger = logging.getLogger(__name__)

SPELL = 120  # seconds: with the time of one turn well below the queue's limit
AWAY = 15.0  # seconds that nobody waits for a broker that has just failed

_lock = threading.Lock()
_away_until = 0.0  # of time.monotonic()


def chore(function: Callable[[], None]) -> Task[..., None]:
    """A task that does what is due by its rows, any number of times, also two at once.

    A job that fails is not kept: the chore's next turn does the same (apps.ops.chores). That it
    fails is, until a turn of it succeeds (apps.ops.jobs).
    """
    keeps: dict[str, Any] = {"acks_on_failure": True, "acks_on_timeout": True}
    made: Task[..., None] = shared_task(**keeps)(function)
    return made


def spell(seconds: float = SPELL) -> Iterator[None]:
    """Turns of a loop until so much time has passed: the rest is the next minute's.

    A job that ran into its time limit would take that for the trouble of the row at hand.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield


def nudge(task: str, *, after: int = 0) -> None:
    """Send a chore's job when this transaction is committed, to begin in `after` seconds.

    Rows are the truth: a nudge that is lost, or that no broker takes, costs a minute, until the
    chore's own turn. Whoever waits for a page waits for a failing broker once and not again.
    """
    cause = as_headers(current_cause())

    def send() -> None:
        global _away_until  # noqa: PLW0603
        if time.monotonic() < _away_until:
            logger.warning("the broker was away a moment ago, %s waits for its chore", task)
            return
        try:
            current_app.send_task(task, countdown=after or None, headers=cause)
        except OperationalError as error:
            logger.error("the broker is away, %s waits for its chore: %s", task, error)  # noqa: TRY400 - one line will do
            with _lock:
                _away_until = time.monotonic() + AWAY

    transaction.on_commit(send)


def forget_failure() -> None:
    """Ask the broker again at once."""
    global _away_until  # noqa: PLW0603
    with _lock:
        _away_until = 0.0
