from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _


class IncomingMailQuerySet(models.QuerySet["IncomingMail"]):
    def waiting(self, *, now: datetime) -> Self:
        """Those that were not read yet, and are to be tried by now."""
        return self.filter(state="received", due_at__lte=now).order_by("due_at", "id")

    def sent_by(self, address: str) -> Self:
        """Those of an address, by the envelope or by what the mail says.

        Never by a part of it: ann@example.com is in joann@example.com.
        """
        theirs = Q(address=address.lower()) | Q(envelope_from__iexact=address)
        return self.filter(theirs).exclude(state="erasing")

    def outlived(self, *, before: datetime) -> Self:
        """Those that were read, came before a moment, and weren't read again since, oldest first.

        What was never read, or was missing when it should be, is somebody's to look at.
        """
        again = Q(replayed_at=None) | Q(replayed_at__lt=before)
        read = self.filter(state__in=("kept", "replayed"), received_at__lt=before)
        return read.filter(again).order_by("id")

    def erasable(self, *, now: datetime) -> Self:
        """Those that are to be deleted where they are kept, and to be tried by now."""
        return self.filter(state="erasing", due_at__lte=now).order_by("due_at", "id")


IncomingMailManager = models.Manager.from_queryset(IncomingMailQuerySet)


class IncomingMail(models.Model):
    """A mail that came in: where it is kept as it came, and what was told of it on the way."""

    class State(models.TextChoices):
        RECEIVED = "received", _("Came in")
        KEPT = "kept", _("Kept")
        REPLAYED = "replayed", _("Read again")
        MISSING = "missing", _("Missing")  # the raw mail is not where it was kept
        ERASING = "erasing", _("Being deleted")  # forgotten or old, its raw mail still there

    store = models.CharField(_("store"), max_length=80)  # the bucket, or "folder"
    key = models.CharField(_("key"), max_length=300)
    carried_as = models.CharField(_("carried as"), max_length=120, blank=True)  # by SES
    envelope_from = models.EmailField(_("envelope sender"), max_length=320, blank=True)
    envelope_to = models.JSONField(_("envelope recipients"), default=list)
    received_at = models.DateTimeField(_("received"))
    spam = models.CharField(_("spam verdict"), max_length=20, blank=True)
    virus = models.CharField(_("virus verdict"), max_length=20, blank=True)
    notice = models.JSONField(_("notice"), default=dict)  # {} for one that nobody told us of
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.RECEIVED)
    # What the mail says of itself: anybody can write that.
    sender = models.CharField(_("sender"), max_length=320, blank=True)
    # The sender's bare address in lower case, by which a person's mail is found.
    address = models.CharField(
        _("sender's address"), max_length=320, blank=True, default="", db_default=""
    )
    subject = models.CharField(_("subject"), max_length=255, blank=True)
    message_id = models.CharField(_("Message-ID"), max_length=250, blank=True)
    size = models.PositiveBigIntegerField(_("size"), null=True)  # bytes
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due"))
    error = models.TextField(_("error"), blank=True)
    replayed_at = models.DateTimeField(_("read again"), null=True)

    objects = IncomingMailManager()

    class Meta:
        verbose_name = _("incoming mail")
        verbose_name_plural = _("incoming mails")
        constraints = [models.UniqueConstraint(fields=["store", "key"], name="mail_kept_once")]
        indexes = [
            # What is to be read next.
            models.Index(fields=["due_at"], name="mail_waiting", condition=Q(state="received")),
            # What is to be deleted next.
            models.Index(fields=["due_at"], name="mail_erasing", condition=Q(state="erasing")),
            # What somebody sent: IncomingMailQuerySet.sent_by.
            models.Index(fields=["address"], name="mail_by_address"),
            models.Index(Upper("envelope_from"), name="mail_by_envelope"),
        ]

    def __str__(self) -> str:
        return self.subject or self.key
