"""Hand the stream what it has not had. Any number of relays may do so at once.

The life of a fact's delivery to the stream, which may be killed between any two steps:

1. `claim` takes many at a time, all or none of them: of each subject from its first waiting fact
   on, so that nothing overtakes. Taken is what is locked and has not changed since it was found.
2. All facts of a subject go as one record: the stream takes it whole or refuses it.
3. What was taken is marked as done. Killed before that: it falls due again when its lease is over,
   and the stream has it twice, in the same order. Readers count by the fact's id.
4. What was refused is due again soon, nothing counted against it: it is the stream that is full or
   away, for however long. Later facts of such a subject wait for it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.events.journal import envelope
from apps.events.models import Delivery
from apps.events.stream import MAX_RECORD_BYTES, Record, StreamAwayError, stream
from apps.events.stream.coding import encode

logger = logging.getLogger(__name__)

BATCH = 500
LEASE = timedelta(seconds=120)  # longer than a call that hangs and is tried again
AGAIN = timedelta(seconds=1)
IDLE, LONGEST_PAUSE = 0.5, 15.0  # seconds


@dataclass(slots=True)
class Parcel:
    """A record, and the deliveries that it carries."""

    record: Record
    deliveries: list[int]


def claim(*, now: datetime, limit: int = BATCH) -> list[Delivery]:
    """Take what is due, in the order of facts; nothing if another relay is at it."""
    found = list(Delivery.objects.streamable(now=now).select_related("event")[:limit])
    if not found:
        return []
    seen = {delivery.pk: (delivery.claims, delivery.due_at) for delivery in found}
    with transaction.atomic():
        rows = Delivery.objects.pending().filter(pk__in=seen).order_by("pk")
        free = rows.select_for_update(skip_locked=True).values_list("pk", "claims", "due_at")
        if {pk: (claims, due_at) for pk, claims, due_at in free} != seen:
            return []
        rows.update(claims=F("claims") + 1, due_at=now + LEASE)
    return found


def pack(deliveries: list[Delivery]) -> tuple[list[Parcel], list[int], list[int]]:
    """One record a subject; what has no room in its record; and what has none in any."""
    parcels: dict[str, Parcel] = {}
    full: set[str] = set()
    later, never = [], []
    for delivery in deliveries:
        line = encode(envelope(delivery.event))
        parcel = parcels.get(delivery.subject)
        if len(line) > MAX_RECORD_BYTES:
            never.append(delivery.pk)
        elif parcel is None:
            parcels[delivery.subject] = Parcel(Record(delivery.subject, line), [delivery.pk])
        elif delivery.subject in full or len(parcel.record.data) + len(line) >= MAX_RECORD_BYTES:
            full.add(delivery.subject)
            later.append(delivery.pk)
        else:
            parcel.record = Record(delivery.subject, parcel.record.data + b"\n" + line)
            parcel.deliveries.append(delivery.pk)
    return list(parcels.values()), later, never


@dataclass(frozen=True, slots=True)
class Sent:
    facts: int
    refused: int


def send_due(*, now: datetime, limit: int = BATCH) -> Sent:
    """One batch. Raises StreamAwayError when nothing was taken; everything is due again then."""
    parcels, later, never = pack(claim(now=now, limit=limit))
    _park(never, now=now)
    _give_back(later, due_at=now, why="")
    if not parcels:
        return Sent(0, 0)
    try:
        refused = stream.get().put([parcel.record for parcel in parcels])
    except Exception as error:
        everything = [pk for parcel in parcels for pk in parcel.deliveries]
        _give_back(everything, due_at=timezone.now() + AGAIN, why=repr(error))
        raise
    sorted_out: dict[bool, list[int]] = defaultdict(list)
    for place, parcel in enumerate(parcels):
        sorted_out[place in refused] += parcel.deliveries
    _settle(sorted_out[False])
    _give_back(sorted_out[True], due_at=timezone.now() + AGAIN, why="The stream is full.")
    return Sent(len(sorted_out[False]), len(sorted_out[True]))


def _settle(ids: list[int]) -> None:
    if ids:
        Delivery.objects.pending().filter(pk__in=ids).update(done_at=timezone.now(), error="")


def _give_back(ids: list[int], *, due_at: datetime, why: str) -> None:
    if ids:
        Delivery.objects.pending().filter(pk__in=ids).update(due_at=due_at, error=why[-4000:])


def _park(ids: list[int], *, now: datetime) -> None:
    if ids:
        why = f"Larger than the {MAX_RECORD_BYTES} bytes that the stream takes."
        Delivery.objects.pending().filter(pk__in=ids).update(parked_at=now, error=why)


class Sender:
    """Sends again and again, more slowly while the stream refuses; says so once, not each time."""

    def __init__(self) -> None:
        self._pause = 0.0

    def round(self) -> float:
        """Send a batch. Returns the seconds to wait before the next."""
        try:
            sent = send_due(now=timezone.now())
        except StreamAwayError:
            if not self._pause:
                logger.exception("the stream is away: facts wait")
            return self._slower()
        if sent.refused:
            if not self._pause:
                logger.warning("the stream refused %d facts: they wait", sent.refused)
            return self._slower()
        if self._pause and sent.facts:
            logger.info("the stream takes facts again")
            self._pause = 0.0
        return 0.0 if sent.facts else max(IDLE, self._pause)

    def _slower(self) -> float:
        self._pause = min(max(IDLE, self._pause * 2), LONGEST_PAUSE)
        return self._pause
