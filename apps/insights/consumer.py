"""From the stream to the figures.

`consume` is all that a record needs; `Consumer` brings it the records, shard by shard. It may be
killed between any two steps: figures are added first and the place is written down after, so that
what was read last is read again, and counted once (apps.insights.figures).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from apps.events.stream import Record, Shard, Stream, StreamAwayError, stream
from apps.events.stream.coding import facts_in
from apps.insights import reducing
from apps.insights.figures import Figures, FiguresAwayError, Place, figures

logger = logging.getLogger(__name__)

IDLE, LONGEST_PAUSE = 1.0, 30.0  # seconds
LEASE = timedelta(seconds=60)
LIST_EVERY = timedelta(seconds=30)


def consume(records: Iterable[Record]) -> None:
    """Add what these records say. Any number of times, in any order. Raises FiguresAwayError."""
    store = figures.get()
    events = (event for record in records for event in facts_in(record))
    for minute, counted in sorted(reducing.reduce(events).items()):
        store.add(minute, counted)


@dataclass(slots=True)
class _Held:
    place: Place
    until: datetime


class Consumer:
    """Reads each shard that nobody else reads, a child only when its parents have ended."""

    def __init__(self, clock: Callable[[], datetime] = timezone.now) -> None:
        self._clock = clock
        self.owner = str(uuid.uuid4())
        self._shards: list[Shard] = []
        self._listed_at: datetime | None = None
        self._held: dict[str, _Held] = {}
        self._pause = 0.0

    def round(self) -> float:
        """Read every shard once. Returns the seconds to wait before the next round."""
        try:
            is_behind = self._read_all(self._clock())
        except (StreamAwayError, FiguresAwayError) as error:
            if not self._pause:
                logger.exception("figures wait for what is away")
            self._pause = min(max(IDLE, self._pause * 2), LONGEST_PAUSE)
            if isinstance(error, FiguresAwayError):
                self._held.clear()  # places may have been kept, or not
            return self._pause
        if self._pause:
            logger.info("figures go on")
            self._pause = 0.0
        return 0.0 if is_behind else IDLE

    def _read_all(self, now: datetime) -> bool:
        source, store = stream.get(), figures.get()
        self._list(source, now)
        behind = [self._read(shard, source, store, now) for shard in self._shards]  # every one
        return any(behind)

    def _list(self, source: Stream, now: datetime) -> None:
        if self._listed_at is None or now - self._listed_at >= LIST_EVERY:
            self._shards = source.shards()
            self._listed_at = now

    def _read(self, shard: Shard, source: Stream, store: Figures, now: datetime) -> bool:
        """Whether there is more."""
        known = {one.id for one in self._shards}
        parents = [self._hold(parent, store, now) for parent in shard.parents if parent in known]
        if not all(parent and parent.ended for parent in parents):
            return False
        place = self._hold(shard.id, store, now)
        if place is None or place.ended:
            return False
        batch = source.read(shard.id, after=place.position)
        consume(batch.records)
        reached = Place(batch.position, batch.ended)
        if reached != place:
            if not store.keep(_name(shard.id), reached, owner=self.owner):
                del self._held[shard.id]  # whoever has it now reads it again
                return False
            self._held[shard.id].place = reached
        if batch.ended:
            self._listed_at = None  # its children are to be read now
        return batch.behind or batch.ended

    def _hold(self, shard: str, store: Figures, now: datetime) -> Place | None:
        """How far the shard has been read, if it is ours to read or has ended."""
        held = self._held.get(shard)
        if held is None or (not held.place.ended and held.until - now < LEASE / 2):
            until = now + LEASE
            place = store.take(_name(shard), owner=self.owner, now=now, until=until)
            if place is None:
                self._held.pop(shard, None)
                return None
            held = self._held[shard] = _Held(place, until)
        return held.place


def _name(shard: str) -> str:
    """Another stream's shards are others, whatever they are called."""
    return f"{settings.STREAM_URL} {shard}"
