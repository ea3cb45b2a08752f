from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class IncomingMailQuerySet(models.QuerySet["IncomingMail"]):
    def waiting(self, *, now: datetime) -> Self:
        """Those that were not read yet, and are to be tried by now."""
        return self.filter(state="received", due_at__lte=now).order_by("due_at", "id")


IncomingMailManager = models.Manager.from_queryset(IncomingMailQuerySet)


class IncomingMail(models.Model):
    """A mail that came in: where it is kept as it came, and what was told of it on the way."""

    class State(models.TextChoices):
        RECEIVED = "received", _("Came in")
        KEPT = "kept", _("Kept")
        REPLAYED = "replayed", _("Read again")

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
        ]

    def __str__(self) -> str:
        return self.subject or self.key
