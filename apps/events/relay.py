"""Hand recorded facts to the bus, and run subscribers. Safe to run any number of times at once.

The life of a delivery; it may be killed between any two steps:

1. `claim_due` finds what is due and in turn, and takes it by compare-and-set on `claims`, which
   also puts its due time past the lease. Nobody else takes it until then.
2. Where subscribers run elsewhere, `hand_over` only puts the due time off, by compare-and-set, and
   the bus carries what the worker needs for the claim: `take_over` makes it there, if nobody has
   since. What is lost on the way falls due again; what comes twice, or late, finds itself taken.
   `claims` counts only those who began, however long the way is.
3. `deliver` runs the subscriber in a transaction that also marks the delivery as done, if the
   claim still holds. Killed before the commit: nothing happened, and it falls due again.
   After: it is done.
4. A failure is counted and backs off; after MAX_FAILURES, or MAX_CLAIMS claims (a subscriber that
   kills its process never gets to count), it is parked where staff see it. Parking lets the
   subject's later facts go on.
"""

from __future__ import annotations

import logging
import traceback
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.events.envelope import Cause, Envelope, caused_by
from apps.events.journal import envelope
from apps.events.models import Delivery
from apps.events.registry import handler_of
from apps.kernel.noting import note_subject, scope
from apps.kernel.tracing import Kind, tracer

logger = logging.getLogger(__name__)

BATCH = 100
LEASE = timedelta(seconds=60)
MAX_FAILURES = 16  # with the backoff below: about five hours
MAX_CLAIMS = 40
MAX_BACKOFF = timedelta(hours=1)
MAX_WAY = timedelta(minutes=15)
AWAY = timedelta(seconds=5)  # before what could not be handed over is tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to deliver, until the lease runs out. `token` is the claim's number."""

    delivery_id: int
    token: int
    subscriber: str
    failures: int
    event: Envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A delivery on its way to a worker. `seen` is how many claims it had when it left."""

    delivery_id: int
    seen: int
    subscriber: str
    failures: int
    event: Envelope


class LostClaimError(Exception):
    """The lease ran out and somebody else took the delivery."""


def claim_due(*, now: datetime, limit: int = BATCH, lease: timedelta = LEASE) -> list[Claim]:
    """Take up to `limit` due deliveries: at most one per subscriber and subject, in order."""
    found = Delivery.objects.due(now=now).in_turn().select_related("event")[:limit]
    return [_claim(delivery) for delivery in found if _take(delivery, until=now + lease)]


def hand_over(*, now: datetime, limit: int = BATCH) -> list[Handed]:
    """Take up to `limit` due deliveries to a bus: at most one per subscriber and subject, in order.

    What has not come back within the lease is handed over again. The older a fact, the longer that
    is: workers that are hours behind find it a few times in their queue, not once a minute.
    """
    found = Delivery.objects.due(now=now).in_turn().select_related("event")[:limit]
    return [
        Handed(
            delivery_id=delivery.pk,
            seen=delivery.claims,
            subscriber=delivery.subscriber,
            failures=delivery.failures,
            event=envelope(delivery.event),
        )
        for delivery in found
        if _put_off(delivery, until=now + _way(delivery, now=now))
    ]


def take_over(seen: Mapping[int, int]) -> Iterator[Claim]:
    """Claim what was handed over, each when the one before is done.

    `seen` maps deliveries to `Handed.seen`. Those that were claimed since, or are done, are left
    out: the message came twice, or late.
    """
    found = Delivery.objects.pending().filter(pk__in=seen).select_related("event")
    for delivery in found.order_by("pk"):
        if delivery.claims == seen[delivery.pk] and _take(delivery, until=timezone.now() + LEASE):
            yield _claim(delivery)


def give_back(handed: Iterable[Handed], *, now: datetime) -> None:
    """The bus is away: due again soon, with nothing counted against them."""
    together = defaultdict(list)
    for one in handed:
        together[one.seen].append(one.delivery_id)
    for seen, ids in together.items():  # some may have reached a worker all the same
        Delivery.objects.pending().filter(pk__in=ids, claims=seen).update(due_at=now + AWAY)


def settle(handed: Iterable[Handed], *, now: datetime) -> None:
    """Mark as done what its hearer, who is none of the desk's, was given."""
    ids = [one.delivery_id for one in handed]
    Delivery.objects.pending().filter(pk__in=ids).update(done_at=now, error="")


def refuse(handed: Handed, *, why: str) -> None:
    """The bus will not carry this one: a failure like a subscriber's."""
    _count_failure(handed.delivery_id, token=handed.seen, failures=handed.failures + 1, error=why)


def _way(delivery: Delivery, *, now: datetime) -> timedelta:
    return min(max(LEASE, now - delivery.event.recorded_at), MAX_WAY)


def _claim(delivery: Delivery) -> Claim:
    return Claim(
        delivery_id=delivery.pk,
        token=delivery.claims + 1,
        subscriber=delivery.subscriber,
        failures=delivery.failures,
        event=envelope(delivery.event),
    )


def _put_off(delivery: Delivery, *, until: datetime) -> bool:
    same = Delivery.objects.pending().filter(
        pk=delivery.pk, claims=delivery.claims, due_at=delivery.due_at
    )
    return bool(same.update(due_at=until))


def _take(delivery: Delivery, *, until: datetime) -> bool:
    return bool(
        Delivery.objects.pending()
        .filter(pk=delivery.pk, claims=delivery.claims)
        .update(claims=delivery.claims + 1, due_at=until)
    )


def deliver(claim: Claim) -> bool:
    """Run the subscriber, and mark the delivery as done with what it wrote. False on failure."""
    event = claim.event
    cause = Cause(event_id=event.id, correlation_id=event.correlation_id, depth=event.depth + 1)
    name = claim.subscriber.removeprefix("apps.")
    with (
        caused_by(cause),
        scope(fact=event.name, subscriber=claim.subscriber),
        tracer.get().begin(name, kind=Kind.MESSAGE, parent=event.traceparent) as span,
    ):
        note_subject(event.subject)
        try:
            handler = handler_of(claim.subscriber)
            with transaction.atomic():
                handler(event)
                _finish(claim)
        except LostClaimError:
            logger.info("lease of delivery %s ran out, left to its new holder", claim.delivery_id)
            return False
        except Exception as error:
            logger.exception("delivery %s failed", claim.delivery_id)
            span.fail(type(error).__name__)
            _fail(claim, error)
            return False
    return True


def _finish(claim: Claim) -> None:
    held = Delivery.objects.pending().filter(pk=claim.delivery_id, claims=claim.token)
    if not held.update(done_at=timezone.now(), error=""):
        raise LostClaimError


def _fail(claim: Claim, error: Exception) -> None:
    text = "".join(traceback.format_exception(error))[-4000:]
    _count_failure(claim.delivery_id, token=claim.token, failures=claim.failures + 1, error=text)


def _count_failure(delivery_id: int, *, token: int, failures: int, error: str) -> None:
    now = timezone.now()
    exhausted = failures >= MAX_FAILURES or token >= MAX_CLAIMS
    Delivery.objects.pending().filter(pk=delivery_id, claims=token).update(
        failures=failures,
        due_at=now + min(timedelta(seconds=2**failures), MAX_BACKOFF),
        error=error,
        parked_at=now if exhausted else None,
    )


def park_the_deadly(*, now: datetime) -> int:
    """Park what was claimed too often without ever ending: its subscriber kills its process."""
    return (
        Delivery.objects.due(now=now)
        .filter(claims__gte=MAX_CLAIMS)
        .order_by()
        .update(parked_at=now, error="Claimed too often without an end: does it kill its process?")
    )


def retry(*, delivery_ids: list[int], now: datetime) -> int:
    """Make parked deliveries due again, with a clean slate. Returns how many were parked."""
    return (
        Delivery.objects.parked()
        .filter(pk__in=delivery_ids)
        .update(parked_at=None, failures=0, claims=0, due_at=now)
    )


def prune(*, before: datetime, limit: int = 10_000) -> int:
    """Forget deliveries that were done before a moment. Events stay: they are the audit log."""
    old = Delivery.objects.done_before(before).order_by("done_at").values("pk")[:limit]
    return Delivery.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]
