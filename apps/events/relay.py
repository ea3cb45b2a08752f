"""Hand recorded facts to the bus, and run subscribers. Safe to run any number of times at once.

The life of a delivery; it may be killed between any two steps:

1. `claim_due` finds what is due and in turn, and takes it by compare-and-set on `claims`, which
   also puts its due time past the lease. Nobody else takes it until then.
2. The bus carries the claim to a worker. A claim that is lost on the way falls due again.
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
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.events.envelope import Cause, Envelope, caused_by
from apps.events.journal import envelope
from apps.events.models import Delivery
from apps.events.registry import handler_of

logger = logging.getLogger(__name__)

BATCH = 100
LEASE = timedelta(seconds=60)
MAX_FAILURES = 16  # with the backoff below: about five hours
MAX_CLAIMS = 40
MAX_BACKOFF = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to deliver, until the lease runs out. `token` is the claim's number."""

    delivery_id: int
    token: int
    subscriber: str
    failures: int
    event: Envelope


class LostClaimError(Exception):
    """The lease ran out and somebody else took the delivery."""


def claim_due(*, now: datetime, limit: int = BATCH, lease: timedelta = LEASE) -> list[Claim]:
    """Take up to `limit` due deliveries: at most one per subscriber and subject, in order."""
    found = Delivery.objects.due(now=now).in_turn().select_related("event")[:limit]
    return [
        Claim(
            delivery_id=delivery.pk,
            token=delivery.claims + 1,
            subscriber=delivery.subscriber,
            failures=delivery.failures,
            event=envelope(delivery.event),
        )
        for delivery in found
        if _take(delivery, until=now + lease)
    ]


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
    try:
        handler = handler_of(claim.subscriber)
        with caused_by(cause), transaction.atomic():
            handler(event)
            _finish(claim)
    except LostClaimError:
        logger.info("lease of delivery %s ran out, left to its new holder", claim.delivery_id)
        return False
    except Exception as error:
        logger.exception("delivery %s failed", claim.delivery_id)
        _fail(claim, error)
        return False
    return True


def _finish(claim: Claim) -> None:
    held = Delivery.objects.pending().filter(pk=claim.delivery_id, claims=claim.token)
    if not held.update(done_at=timezone.now(), error=""):
        raise LostClaimError


def _fail(claim: Claim, error: Exception) -> None:
    now, failures = timezone.now(), claim.failures + 1
    exhausted = failures >= MAX_FAILURES or claim.token >= MAX_CLAIMS
    Delivery.objects.pending().filter(pk=claim.delivery_id, claims=claim.token).update(
        failures=failures,
        due_at=now + min(timedelta(seconds=2**failures), MAX_BACKOFF),
        error="".join(traceback.format_exception(error))[-4000:],
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
