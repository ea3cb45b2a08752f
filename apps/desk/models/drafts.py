from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.tickets.models import Attachment, Message, Status, Ticket


class DraftQuerySet(models.QuerySet["Draft"]):
    def resting(self) -> Self:
        """What is being written."""
        return self.filter(due_at=None)

    def on_their_way(self) -> Self:
        """What was sent and can still be taken back."""
        return self.filter(due_at__isnull=False)

    def due(self, *, now: datetime) -> Self:
        return self.filter(due_at__lte=now).order_by("due_at", "id")


DraftManager = models.Manager.from_queryset(DraftQuerySet)


class Draft(models.Model):
    """What somebody writes on a ticket, before it is a message (ADR 28).

    With `due_at` it was sent: it becomes a message then, unless it is taken back. A person may
    have one of these on its way and write the next one.
    """

    class Kind(models.TextChoices):
        REPLY = "reply", _("Reply")
        NOTE = "note", _("Work note")

    class Notice(models.TextChoices):
        """Why a reply came back to its writer."""

        NONE = "", ""
        UNDONE = "undone", _("You took this reply back.")
        ANSWERED = "answered", _("Not sent: there was a new message before it left. Read it first.")
        MERGED = "merged", _("Not sent: the ticket was merged into another one. Write there.")
        FINAL = "final", _("Not sent: the ticket was closed for good before it left.")
        REFUSED = "refused", _("Not sent: the ticket no longer allowed it. Check the status.")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=5, choices=Kind)
    text = models.TextField(blank=True)
    status = models.ForeignKey(
        Status, models.SET_NULL, null=True, blank=True, related_name="+"
    )  # to set with it
    used = models.JSONField(default=list)  # ids of saved replies that went into it
    notice = models.CharField(max_length=10, choices=Notice, blank=True)
    version = models.PositiveIntegerField(default=1)  # compare-and-set: two tabs, two devices
    updated_at = models.DateTimeField()
    seen = models.BigIntegerField(default=0)  # the last message that its writer had before them
    submission = models.UUIDField(null=True, unique=True)  # one form, one reply
    due_at = models.DateTimeField(null=True)

    objects = DraftManager()

    class Meta:
        constraints = [
            # Also what the workspace looks up by its ticket.
            models.UniqueConstraint(
                fields=["ticket", "author", "kind"],
                condition=Q(due_at=None),
                name="draft_one_resting",
            ),
            models.CheckConstraint(
                condition=Q(due_at=None, submission=None)
                | Q(due_at__isnull=False, submission__isnull=False, kind="reply"),
                name="draft_on_its_way_is_a_reply",
            ),
        ]
        indexes = [
            # What to send next: DraftQuerySet.due().
            models.Index(
                fields=["due_at", "id"], name="draft_due", condition=Q(due_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.author_id} on #{self.ticket_id}"


class DraftFile(models.Model):
    """A stored file that goes with a draft; the fields are apps.tickets.files.StoredFile's."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="files")
    key = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    scan = models.CharField(
        max_length=11,
        choices=Attachment.Scan,
        default=Attachment.Scan.PENDING,
        db_default=Attachment.Scan.PENDING.value,
    )
    finding = models.CharField(max_length=200, blank=True, default="", db_default="")

    def __str__(self) -> str:
        return self.name


class Mention(models.Model):
    """Somebody was named in a work note."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="mention_once")]
        indexes = [
            # Where a person was mentioned, newest first: apps.desk.mentions.of().
            models.Index(fields=["user", "-id"], name="mention_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in message {self.message_id}"
