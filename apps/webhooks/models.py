from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Organisation
from apps.kernel.references import REF_LENGTH, new_ref


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def active(self) -> Self:
        return self.filter(state=Endpoint.State.ACTIVE)

    def ready(self, *, now: datetime) -> Self:
        """Those that something is due for, and that nobody is sending to. Longest free first.

        So one that has thousands waiting gets a turn among the others' turns.
        """
        due = WebhookDelivery.objects.due(now=now).order_by().filter(endpoint=OuterRef("pk"))
        free = self.active().filter(Q(held_until=None) | Q(held_until__lte=now))
        return free.filter(Exists(due)).order_by(F("held_until").asc(nulls_first=True), "id")


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def waiting(self) -> Self:
        return self.filter(state=WebhookDelivery.State.WAITING)

    def due(self, *, now: datetime) -> Self:
        return self.waiting().filter(due_at__lte=now).order_by("id")


EndpointManager = models.Manager.from_queryset(EndpointQuerySet)
WebhookDeliveryManager = models.Manager.from_queryset(WebhookDeliveryQuerySet)


class Endpoint(models.Model):
    """Somebody's server that hears of facts. Its secret is made from the desk's key, not kept."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        DISABLED = "disabled", _("Switched off: it failed for days")

    ref = models.CharField(max_length=REF_LENGTH, unique=True, default=new_ref, editable=False)
    name = models.CharField(_("name"), max_length=100)
    url = models.CharField(_("URL"), max_length=500)
    facts = models.JSONField(_("facts"), default=list)  # names
    internal = models.BooleanField(_("for our own systems"), default=False)
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organisation"),
    )
    generation = models.PositiveIntegerField(default=1)  # of the secret
    # Until then the secret before is good too.
    previous_until = models.DateTimeField(_("old secret ends"), null=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ACTIVE)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True)
    # Somebody sends to it until then, or it rests after a failure.
    held_until = models.DateTimeField(_("next attempt"), null=True)
    created_at = models.DateTimeField(_("created"))

    objects = EndpointManager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = [
            models.CheckConstraint(
                condition=Q(internal=False) | Q(organisation=None),
                name="endpoint_internal_is_ours",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One fact for one endpoint, until some time after it was taken or given up."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Taken")
        FAILED = "failed", _("Given up")

    # What a receiver knows it by, however often it comes.
    ref = models.CharField(
        _("id"), max_length=REF_LENGTH, unique=True, default=new_ref, editable=False
    )
    endpoint = models.ForeignKey(
        Endpoint, models.CASCADE, related_name="+", verbose_name=_("webhook")
    )
    event_id = models.BigIntegerField(_("event"), null=True)  # none for a ping
    fact = models.CharField(_("fact"), max_length=60)
    subject = models.CharField(pgettext_lazy("of an event", "subject"), max_length=60)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created"))
    since = models.DateTimeField(_("tried since"))
    due_at = models.DateTimeField(_("due"))
    done_at = models.DateTimeField(_("done"), null=True)
    status = models.PositiveSmallIntegerField(_("answer's status"), null=True)
    took_ms = models.PositiveIntegerField(_("milliseconds"), null=True)
    excerpt = models.TextField(_("answer"), blank=True)
    error = models.TextField(_("error"), blank=True)

    objects = WebhookDeliveryManager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "event_id"],
                condition=Q(event_id__isnull=False),
                name="webhook_delivery_once",
            ),
        ]
        indexes = [
            # What to send next to an endpoint: EndpointQuerySet.ready().
            models.Index(
                fields=["endpoint", "id"], name="webhook_due", condition=Q(state="waiting")
            ),
            # What pruning deletes.
            models.Index(
                fields=["done_at"], name="webhook_done", condition=Q(done_at__isnull=False)
            ),
            # What waited too long: actions.give_up_old().
            models.Index(fields=["since"], name="webhook_old", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return gettext("%(fact)s to %(endpoint)d") % {
            "fact": self.fact,
            "endpoint": self.endpoint_id,
        }


class Turn(models.Model):
    """Whose turn it is to send: one process of all workers, however many jobs ask for it.

    Customers' servers are as slow as they like. Whoever waits for them holds one process of the
    workers, which also send mails and held-back replies, and never two.
    """

    until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"until {self.until}"


class ContractUse(models.Model):
    """How often an endpoint took a fact on one day: whom a change of its shape would break.

    Deliveries are kept for a fortnight, and whoever hears of something once a month counts too.
    """

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="+")
    fact = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField()
    day = models.DateField()  # in UTC
    times = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("use of a contract")
        verbose_name_plural = _("uses of contracts")
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "fact", "version", "day"], name="contract_use_once"
            ),
        ]
        indexes = [
            # What pruning deletes, and what usage.used_since adds up.
            models.Index(fields=["day"], name="contract_use_day"),
        ]

    def __str__(self) -> str:
        return f"{self.fact} v{self.version}, {self.day}: {self.times}"
