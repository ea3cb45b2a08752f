"""What was said on a ticket, and the files that came with it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.kernel.references import REF_LENGTH, new_ref
from apps.tickets.models.catalogue import Channel
from apps.tickets.models.tickets import Ticket
from apps.tickets.querysets import AttachmentQuerySet, MessageQuerySet

MessageManager = models.Manager.from_queryset(MessageQuerySet)
AttachmentManager = models.Manager.from_queryset(AttachmentQuerySet)


class Message(models.Model):
    """A public reply or a work note. `html` is safe to show: sanitised once, from `source`."""

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("Public reply")
        INTERNAL = "internal", _("Work note")

    class Direction(models.TextChoices):
        IN = "in", _("From the customer")
        OUT = "out", _("From the desk")

    class Delivery(models.TextChoices):
        NONE = "none", _("Not mailed")
        QUEUED = "queued", _("Waiting to be mailed")
        SENT = "sent", _("Mailed")
        FAILED = "failed", _("Could not be mailed")
        BOUNCED = "bounced", _("Came back")

    class Format(models.TextChoices):
        MARKDOWN = "markdown", _("Markdown")
        PLAIN = "plain", _("Plain text")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )  # null: the desk itself
    visibility = models.CharField(max_length=10, choices=Visibility)
    direction = models.CharField(max_length=3, choices=Direction)
    channel = models.CharField(max_length=10, choices=Channel)
    is_automatic = models.BooleanField(default=False)  # never counts as a response
    source = models.TextField()
    form = models.CharField(max_length=10, choices=Format)
    html = models.TextField()
    sanitiser_version = models.PositiveSmallIntegerField()
    message_id = models.CharField(max_length=250, null=True, unique=True)
    in_reply_to = models.CharField(max_length=250, blank=True)
    references = models.TextField(blank=True)
    delivery = models.CharField(max_length=10, choices=Delivery, default=Delivery.NONE)
    submission = models.UUIDField(null=True, unique=True)  # one form, one message
    created_at = models.DateTimeField()
    redacted_at = models.DateTimeField(null=True)

    objects = MessageManager()

    class Meta:
        indexes = [
            # A ticket's conversation in time order.
            models.Index(fields=["ticket", "created_at", "id"], name="message_conversation"),
        ]

    def __str__(self) -> str:
        return f"{self.visibility} message {self.pk} on #{self.ticket_id}"


class Attachment(models.Model):
    class Scan(models.TextChoices):
        PENDING = "pending", _("Not checked yet")
        CLEAN = "clean", _("Checked")
        QUARANTINED = "quarantined", _("Held back")

    ref = models.CharField(max_length=REF_LENGTH, unique=True, default=new_ref, editable=False)
    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    key = models.CharField(max_length=100, unique=True)  # where the storage keeps it: never a name
    name = models.CharField(max_length=200)  # what the sender called it: data, never a path
    content_type = models.CharField(max_length=100)  # sniffed
    size = models.PositiveBigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    scan = models.CharField(max_length=11, choices=Scan, default=Scan.PENDING)
    # What the scanner calls what it found.
    finding = models.CharField(max_length=200, blank=True, default="", db_default="")
    redacted_at = models.DateTimeField(null=True)
    missing_at = models.DateTimeField(null=True)  # since when the storage hasn't had it
    # How often the scanner was asked about it again, and until when it isn't.
    scan_tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    scan_held_until = models.DateTimeField(null=True)

    objects = AttachmentManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sha256__length=64), name="attachment_has_digest"),
        ]
        indexes = [
            # What the scanner is asked about again: AttachmentQuerySet.unscanned().
            models.Index(
                fields=["id"],
                name="attachment_unscanned",
                condition=Q(scan="pending", redacted_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.name
