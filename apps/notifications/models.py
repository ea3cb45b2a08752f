from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from apps.kernel.actors import Actor
from apps.notifications.kinds import STAFF_KINDS, Kind
from apps.tickets import policies
from apps.tickets.models import Message, Ticket


class NotificationQuerySet(models.QuerySet["Notification"]):
    def shown_to(self, actor: Actor) -> Self:
        """What the page and the bell tell a person.

        Of tickets that they may still see; of work notes only those who work on tickets.
        """
        if actor.id is None:
            return self.none()
        mine = self.filter(recipient=actor.id, ticket__in=Ticket.objects.visible_to(actor))
        if policies.works_on_tickets(actor):
            return mine
        public = Q(message=None) | Q(message__visibility=Message.Visibility.PUBLIC)
        return mine.filter(public).exclude(kind__in=sorted(STAFF_KINDS))

    def unread(self) -> Self:
        return self.filter(read_at=None)


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def due(self, *, now: datetime) -> Self:
        return self.filter(state="queued", due_at__lte=now).order_by("due_at", "id")

    def troubled(self) -> Self:
        """Those that did not arrive, as far as anybody told us."""
        return self.filter(Q(state="failed") | Q(outcome__in=["bounced", "refused"]))


NotificationManager = models.Manager.from_queryset(NotificationQuerySet)
OutgoingMailManager = models.Manager.from_queryset(OutgoingMailQuerySet)


class Notification(models.Model):
    """One person is to hear of one fact: on their page, and with others about it in one mail."""

    event_id = models.BigIntegerField()
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="+")
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+"
    )
    address = models.EmailField(max_length=254, blank=True)  # of a watcher without an account
    kind = models.CharField(max_length=20, choices=Kind)
    reason = models.CharField(max_length=120)
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    retellings = models.PositiveSmallIntegerField(
        default=0
    )  # after a redaction, before it was sent
    settled_at = models.DateTimeField(null=True)  # mailed, or found not to be needed
    mail = models.ForeignKey(
        "OutgoingMail", models.SET_NULL, null=True, related_name="+"
    )  # the mail that told it: a redaction must find it
    read_at = models.DateTimeField(null=True)  # seen on the desk's own pages

    objects = NotificationManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event_id", "recipient"],
                condition=Q(recipient__isnull=False),
                name="notification_once_per_person",
            ),
            models.UniqueConstraint(
                fields=["event_id", "address"],
                condition=~Q(address=""),
                name="notification_once_per_address",
            ),
            models.CheckConstraint(
                condition=Q(recipient__isnull=False, address="")
                | Q(recipient=None) & ~Q(address=""),
                name="notification_to_person_or_address",
            ),
        ]
        indexes = [
            # What is to be mailed next.
            models.Index(fields=["due_at"], name="notification_due", condition=Q(settled_at=None)),
            # What else waits for the same mail.
            models.Index(
                fields=["ticket", "recipient"],
                name="notification_waiting",
                condition=Q(settled_at=None),
            ),
            # A person's page, newest first, and the keyset behind it.
            models.Index(
                fields=["recipient", "-id"],
                name="notification_page",
                condition=Q(recipient__isnull=False),
            ),
            # The bell on every page, and marking as read.
            models.Index(
                fields=["recipient", "ticket"],
                name="notification_unread",
                condition=Q(read_at=None, recipient__isnull=False),
            ),
            # What pruning deletes.
            models.Index(fields=["settled_at"], name="notification_settled"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} about #{self.ticket_id}"


class Preference(models.Model):
    """Whether a person wants mail of a kind. No row: as the kind has it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind)
    mail = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="preference_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {'mail' if self.mail else 'no mail'}"


class OutgoingMail(models.Model):
    """A mail to one person, whole, until some time after it was sent."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Given up")

    class Outcome(models.TextChoices):
        """What its carrier told us of it since."""

        DELAYED = "delayed", _("Delayed")
        DELIVERED = "delivered", _("Delivered")
        BOUNCED = "bounced", _("Came back")
        REFUSED = "refused", _("Refused")
        COMPLAINED = "complained", _("Marked as spam")

    key = models.CharField(_("key"), max_length=120, unique=True)  # one cause, one mail
    to = models.CharField(pgettext_lazy("of a mail", "to"), max_length=254)
    subject = models.CharField(_("subject"), max_length=255)
    text = models.TextField(_("text"))
    html = models.TextField(blank=True)
    headers = models.JSONField(_("headers"), default=dict)
    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, related_name="+", verbose_name=_("message")
    )
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.QUEUED)
    claims = models.PositiveIntegerField(_("attempts"), default=0)
    # Attempts that its carrier was too busy for.
    waits = models.PositiveIntegerField(default=0, db_default=0)
    insists = models.BooleanField(default=False, db_default=False)  # its reader asked for it
    carried_as = models.CharField(
        _("carried as"), max_length=100, blank=True, default="", db_default=""
    )
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=Outcome, blank=True, default="", db_default=""
    )
    due_at = models.DateTimeField(_("due"))
    created_at = models.DateTimeField(_("created"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    error = models.TextField(_("error"), blank=True)

    objects = OutgoingMailManager()

    class Meta:
        verbose_name = _("outgoing mail")
        verbose_name_plural = _("outgoing mails")
        indexes = [
            # What to send next: OutgoingMailQuerySet.due().
            models.Index(fields=["due_at", "id"], name="mail_due", condition=Q(state="queued")),
            # What pruning deletes.
            models.Index(fields=["sent_at"], name="mail_sent", condition=Q(state="sent")),
            # Which mail a carrier speaks of.
            models.Index(fields=["carried_as"], name="mail_carried", condition=~Q(carried_as="")),
        ]

    def __str__(self) -> str:
        return gettext("%(subject)s to %(to)s") % {"subject": self.subject, "to": self.to}

    @property
    def identity(self) -> str:
        """Its Message-ID: that of the message that it carries, or one of its own; never another."""
        made = f"<m.{self.pk}.{int(self.created_at.timestamp())}@{settings.MAIL_DOMAIN}>"
        return str(self.headers.get("Message-ID", made))


class Recipient(models.Model):
    """An address, and whether mail to it makes sense (apps.notifications.standing)."""

    class State(models.TextChoices):
        OK = "ok", _("Mail arrives")
        BOUNCING = "bouncing", _("Mail came back for now")
        SUPPRESSED = "suppressed", _("Mail comes back")
        COMPLAINED = "complained", _("Marked our mail as spam")

    BLOCKED = frozenset({State.SUPPRESSED, State.COMPLAINED})

    address = models.EmailField(_("address"), max_length=254, unique=True)  # in lower case
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OK)
    reason = models.CharField(_("reason"), max_length=300, blank=True)  # in the other side's words
    since = models.DateTimeField(_("since"), null=True)
    soft_bounces = models.PositiveIntegerField(_("times in a row"), default=0)
    delivered_at = models.DateTimeField(_("last delivery"), null=True)
    cleared_at = models.DateTimeField(_("mailed again from"), null=True)

    class Meta:
        verbose_name = _("address mail came back from")
        verbose_name_plural = _("addresses mail came back from")

    def __str__(self) -> str:
        return self.address

    @property
    def is_blocked(self) -> bool:
        return self.state in self.BLOCKED


class Report(models.Model):
    """That a mail came back, or was called spam: each is kept once, in whatever order."""

    recipient = models.ForeignKey(Recipient, models.CASCADE, related_name="reports")
    carried_as = models.CharField(max_length=100)
    kind = models.CharField(max_length=10)  # standing.Kind
    happened_at = models.DateTimeField()
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "carried_as", "kind"], name="report_once_per_mail"
            )
        ]
        indexes = [
            # What pruning deletes.
            models.Index(fields=["happened_at"], name="report_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.carried_as}"
