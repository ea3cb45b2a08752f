from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.events.querysets import DeliveryQuerySet

DeliveryManager = models.Manager.from_queryset(DeliveryQuerySet)


class Event(models.Model):
    """A fact, recorded in the transaction that made it true. Never updated: it is the audit log."""

    name = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=60)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    causation_id = models.BigIntegerField(null=True)
    correlation_id = models.UUIDField()
    depth = models.PositiveSmallIntegerField()
    data = models.JSONField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [
            # History of one subject, and the audit of one person, newest first.
            models.Index(fields=["subject", "id"], name="event_subject"),
            models.Index(
                fields=["actor_id", "id"], name="event_actor", condition=Q(actor_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.name} {self.subject}"


class Delivery(models.Model):
    """One subscriber's copy of an event, kept until it has been handled and some days longer."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries")
    subscriber = models.CharField(max_length=120)
    subject = models.CharField(max_length=60)  # the event's, so that order needs no join
    claims = models.PositiveIntegerField(default=0)  # how often it was taken: the claim's token
    failures = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    objects = DeliveryManager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "subscriber"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(parked_at=None), name="delivery_done_or_parked"
            ),
        ]
        indexes = [
            # What is due next: DeliveryQuerySet.due().
            models.Index(
                fields=["due_at", "id"],
                name="delivery_due",
                condition=Q(done_at=None, parked_at=None),
            ),
            # Whether an earlier one of the same subject still waits: DeliveryQuerySet.in_turn().
            models.Index(
                fields=["subscriber", "subject", "event"],
                name="delivery_turn",
                condition=Q(done_at=None, parked_at=None),
            ),
            # What pruning deletes: DeliveryQuerySet.done_before().
            models.Index(
                fields=["done_at"], name="delivery_done", condition=Q(done_at__isnull=False)
            ),
            # What staff are shown: DeliveryQuerySet.parked().
            models.Index(
                fields=["parked_at"], name="delivery_parked", condition=Q(parked_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} of event {self.event_id}"
