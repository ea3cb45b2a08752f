"""Whether a service that failed a moment ago is worth asking again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

RETRY = 2.0  # seconds between two attempts while it is away


class Circuit:
    """Open after a failure: then one caller in RETRY seconds tries, and the others don't wait.

    `patience` is how long such a try may take, in seconds: no other one begins meanwhile. Says once
    that the service went, and once that it is back.
    """

    def __init__(
        self,
        name: str,
        clock: Callable[[], float] = time.monotonic,
        *,
        patience: float = RETRY,
    ) -> None:
        self.name = name
        self._clock = clock
        self._patience = patience
        self._lock = threading.Lock()
        self._retry_at: float | None = None

    @property
    def is_open(self) -> bool:
        retry_at = self._retry_at
        return retry_at is not None and self._clock() < retry_at

    def may_ask(self) -> bool:
        if self._retry_at is None:
            return True
        with self._lock:
            if self.is_open:
                return False
            if self._retry_at is not None:
                self._retry_at = self._clock() + self._patience  # this caller tries for all
            return True

    def failed(self, error: Exception) -> None:
        with self._lock:
            was_closed = self._retry_at is None
            self._retry_at = self._clock() + RETRY
        if was_closed:
            logger.error("%s is away, the desk goes on without: %r", self.name, error)

    def answered(self) -> None:
        if self._retry_at is None:
            return
        with self._lock:
            was_open, self._retry_at = self._retry_at is not None, None
        if was_open:
            logger.info("%s is back", self.name)
