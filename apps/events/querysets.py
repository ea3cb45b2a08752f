from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef

from apps.events.registry import STREAM

if TYPE_CHECKING:
    from apps.events.models import Delivery  # noqa: F401 - named in the base below


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def pending(self) -> Self:
        return self.filter(done_at=None, parked_at=None)

    def due(self, *, now: datetime) -> Self:
        """What subscribers are given one by one; the stream's is `streamable`."""
        found = self.pending().filter(due_at__lte=now).exclude(subscriber=STREAM)
        return found.order_by("due_at", "id")

    def streamable(self, *, now: datetime) -> Self:
        """What the stream may be given now, in order: of each subject from its first fact on.

        Nothing of a subject whose earlier facts are with another relay, or wait for their retry.
        """
        held_back = self.model._default_manager.filter(
            done_at=None,
            parked_at=None,
            subscriber=STREAM,
            subject=OuterRef("subject"),
            event_id__lt=OuterRef("event_id"),
            due_at__gt=now,
        )
        found = self.pending().filter(subscriber=STREAM, due_at__lte=now)
        return found.exclude(Exists(held_back.order_by().values("pk"))).order_by("event_id")

    def in_turn(self) -> Self:
        """Those whose subscriber has handled everything earlier about the same subject."""
        earlier = (
            self.model._default_manager.filter(
                done_at=None,
                parked_at=None,
                subscriber=OuterRef("subscriber"),
                subject=OuterRef("subject"),
                event_id__lt=OuterRef("event_id"),
            )
            .order_by()
            .values("pk")
        )
        return self.exclude(Exists(earlier))

    def parked(self) -> Self:
        return self.filter(parked_at__isnull=False)

    def done_before(self, moment: datetime) -> Self:
        return self.filter(done_at__lt=moment)
