"""Work beside the relay's own, in threads: what waits for one service must not stop the others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connection

logger = logging.getLogger(__name__)

AWAY = 2.0  # seconds before the database is asked again after it failed
GRACE = 10.0  # seconds for a round that hangs; whatever is cut off is done again by the next relay

Round = Callable[[], float]  # does what there is, and returns the seconds until the next


class Background:
    """Runs rounds until told to stop; then each ends the round that it is in."""

    def __init__(self, stop: threading.Event, **rounds: Round) -> None:
        self._stop = stop
        self._threads = [
            threading.Thread(target=self._keep, args=(name, work), name=name, daemon=True)
            for name, work in rounds.items()
        ]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(GRACE)

    def _keep(self, name: str, work: Round) -> None:
        try:
            while not self._stop.is_set():
                self._stop.wait(self._once(name, work))
        finally:
            connection.close()

    def _once(self, name: str, work: Round) -> float:
        try:
            return work()
        except DatabaseError:
            logger.exception("%s: the database is away", name)
            close_old_connections()
        except Exception:
            # The relay's own work must go on, and the process manager would not see this thread go.
            logger.exception("%s failed", name)
        return AWAY
