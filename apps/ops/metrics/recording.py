"""Counts in this process, and tells once a minute.

A minute that isn't over when the process ends is told then, unless it is killed; what the agent
doesn't take is kept for some minutes. Figures are never worth a request: nothing here raises, but
for a name that the table doesn't have.
"""

from __future__ import annotations

import atexit
import logging
import os
import random
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping

from django.conf import settings

from apps.kernel import counting
from apps.ops.metrics import sinks
from apps.ops.metrics.emf import Origin, Series, documents
from apps.ops.metrics.table import BY_NAME, Kind

logger = logging.getLogger(__name__)

MINUTE = 60
MOST_VALUES = 2000  # of a series in a minute; of more, so many by chance, each as likely
MOST_KEPT = 500  # documents, while nobody takes them


class Recorder:
    """Many threads may count at once. `clock` in seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._told_failure = False
        self._forget()

    def _forget(self) -> None:
        self._counts: dict[Series, float] = defaultdict(float)
        self._values: dict[Series, list[float]] = defaultdict(list)
        self._seen: dict[Series, int] = defaultdict(int)
        self._kept: deque[str] = deque(maxlen=MOST_KEPT)

    def count(self, figure: str, by: float = 1) -> None:
        """Raises KeyError for a figure that isn't in the table."""
        if BY_NAME[figure].kind is Kind.VALUE:
            self.observe(figure, by)
            return
        with self._lock:
            self._counts[Series(figure)] += by
        self._begin()

    def observe(self, figure: str, value: float, *, page: str = "") -> None:
        series = Series(figure, page)
        with self._lock:
            self._seen[series] += 1
            values = self._values[series]
            if len(values) < MOST_VALUES:
                values.append(value)
            else:  # each value of the minute has the same chance to be among those that are told
                place = random.randrange(self._seen[series])  # noqa: S311 - no secret
                if place < MOST_VALUES:
                    values[place] = value
        self._begin()

    def flush(self, gauges: Mapping[str, float] | None = None) -> None:
        """Tell what was counted since the last time, and how things stand."""
        with self._lock:
            figures = {series: [count] for series, count in self._counts.items()}
            figures |= self._values
            figures |= {Series(name): [value] for name, value in (gauges or {}).items()}
            self._counts, self._values = defaultdict(float), defaultdict(list)
            self._seen = defaultdict(int)
            at = int(self._clock()) - (1 if gauges is None else 0)
            origin = Origin(stage=settings.STAGE, build=settings.BUILD)
            self._kept.extend(documents(figures, origin=origin, at=at - at % MINUTE))
            waiting = list(self._kept)
        if waiting:
            self._send(waiting)

    def _send(self, waiting: list[str]) -> None:
        try:
            sinks.get().write(waiting)
        except OSError as error:
            if not self._told_failure:
                logger.warning("nobody takes figures: %s", error)
            self._told_failure = True
            return
        self._told_failure = False
        with self._lock:
            for _ in range(min(len(waiting), len(self._kept))):
                self._kept.popleft()

    def _begin(self) -> None:
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep, name="figures", daemon=True)
                self._thread.start()

    def _keep(self) -> None:
        while not self._stop.wait(MINUTE - self._clock() % MINUTE):
            self.flush()

    def end(self) -> None:
        self._stop.set()
        self.flush()

    def after_fork(self) -> None:
        """A child counts for itself: what its parent counted is the parent's to tell."""
        self._lock = threading.Lock()
        self._thread = None
        self._forget()


recorder = Recorder()


def begin() -> None:
    """Count in this process and its children, where METRICS_URL says that somebody listens."""
    if settings.METRICS_URL.startswith("none:"):
        return
    counting.counted_by(recorder.count)
    atexit.register(recorder.end)
    os.register_at_fork(after_in_child=recorder.after_fork)
