"""Whether this process can serve: each part is tried, and the failing ones are named.

A balancer asks every few seconds and takes away an instance that is not ready. Without its database
the desk can't serve. Without cache or files it still can, and so can no other instance then: that
is told as degraded, and taking instances away for it would make an outage of a nuisance.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.core.files.storage import default_storage
from django.db import connection

from apps.kernel.caching import PROBE

KEEP = 10.0  # seconds that the answer of a part stands
PATIENCE = 1.0  # seconds that the page waits for one: a balancer does not wait much longer


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _cache() -> None:
    key = uuid.uuid4()
    PROBE.put(key, "1")
    if PROBE.get(key) != "1":
        raise LookupError("what was set could not be read")


def _files() -> None:
    default_storage.exists("readyz")


@dataclass(slots=True)
class Watch:
    """Tries a part beside the page, which is never kept waiting by a part that hangs."""

    check: Callable[[], None]
    _answer: str = ""  # the error's kind; "" when the part works
    _at: float | None = None  # of time.monotonic()
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self) -> str:
        with self._lock:
            is_fresh = self._at is not None and time.monotonic() - self._at < KEEP
            if is_fresh:
                return self._answer
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._try, daemon=True)
                self._thread.start()
            thread = self._thread
        thread.join(PATIENCE)
        return "TimeoutError" if thread.is_alive() else self._answer

    def _try(self) -> None:
        answer = failure_of(self.check)
        self._answer, self._at = answer, time.monotonic()


def failure_of(check: Callable[[], None]) -> str:
    """The kind of the error (never its text: the page is public); "" if there is none."""
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever it is, the part fails
        return type(error).__name__
    return ""


_NEEDED: dict[str, Callable[[], None]] = {"database": _database}
_WATCHED: dict[str, Watch] = {"cache": Watch(_cache), "files": Watch(_files)}


@dataclass(frozen=True, slots=True)
class Health:
    """Parts that fail, with the kind of error: those without which nothing goes, and the others."""

    failing: Mapping[str, str]
    degraded: Mapping[str, str]


def health() -> Health:
    needed = {name: failure_of(check) for name, check in _NEEDED.items()}
    watched = {name: watch.answer() for name, watch in _WATCHED.items()}
    return Health(
        failing={name: told for name, told in needed.items() if told},
        degraded={name: told for name, told in watched.items() if told},
    )
