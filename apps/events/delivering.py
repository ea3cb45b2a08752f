"""How deliveries stand, for figures. Each answer is out of an index."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Min

from apps.events.models import Delivery, Event
from apps.events.registry import STREAM


def oldest_due(*, now: datetime) -> datetime | None:
    """Since when the first is due of those that subscribers should have been given by now."""
    due = Delivery.objects.due(now=now).order_by()
    oldest: datetime | None = due.aggregate(oldest=Min("due_at"))["oldest"]
    return oldest


def oldest_unstreamed() -> datetime | None:
    """When the oldest fact was recorded that the stream has not had."""
    waiting = Delivery.objects.pending().filter(subscriber=STREAM).order_by()
    first = waiting.aggregate(first=Min("event"))["first"]
    return Event.objects.filter(pk=first).values_list("recorded_at", flat=True).first()


def parked() -> int:
    return Delivery.objects.parked().count()
