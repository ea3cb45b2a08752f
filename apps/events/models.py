from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from apps.events.querysets import DeliveryQuerySet
from apps.events.registry import STREAM

DeliveryManager = models.Manager.from_queryset(DeliveryQuerySet)


class Event(models.Model):
    """A fact, recorded in the transaction that made it true. Never updated: it is the audit log."""

    name = models.CharField(_("name"), max_length=60)
    version = models.PositiveSmallIntegerField(_("version"))
    subject = models.CharField(pgettext_lazy("of an event", "subject"), max_length=60)
    actor_kind = models.CharField(_("kind of actor"), max_length=10)
    actor_id = models.BigIntegerField(_("actor"), null=True)
    causation_id = models.BigIntegerField(_("cause"), null=True)
    correlation_id = models.UUIDField(_("correlation"))
    # Where its trace goes on, for whoever handles it (apps.kernel.tracing); null: nobody traces.
    traceparent = models.CharField(max_length=55, null=True)
    depth = models.PositiveSmallIntegerField(_("depth"))
    data = models.JSONField(_("data"))
    occurred_at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
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

    event = models.ForeignKey(
        Event, models.CASCADE, related_name="deliveries", verbose_name=_("event")
    )
    subscriber = models.CharField(_("subscriber"), max_length=120)
    # The event's, so that order needs no join.
    subject = models.CharField(pgettext_lazy("of an event", "subject"), max_length=60)
    # How often it was taken: the claim's token.
    claims = models.PositiveIntegerField(_("attempts"), default=0)
    failures = models.PositiveSmallIntegerField(_("failures"), default=0)
    due_at = models.DateTimeField(_("due"))
    done_at = models.DateTimeField(_("done"), null=True)
    parked_at = models.DateTimeField(_("given up"), null=True)
    error = models.TextField(_("error"), blank=True)

    objects = DeliveryManager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["event", "subscriber"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(parked_at=None), name="delivery_done_or_parked"
            ),
        ]
        indexes = [
            # What is due next: DeliveryQuerySet.due(). What waits for a stream is none of its rows.
            models.Index(
                fields=["due_at", "id"],
                name="delivery_due_each",
                condition=Q(done_at=None, parked_at=None) & ~Q(subscriber=STREAM),
            ),
            # What the stream is given next: DeliveryQuerySet.streamable().
            models.Index(
                fields=["event"],
                name="delivery_streamable",
                condition=Q(done_at=None, parked_at=None, subscriber=STREAM),
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
        return gettext("%(subscriber)s of event %(event)d") % {
            "subscriber": self.subscriber,
            "event": self.event_id,
        }
