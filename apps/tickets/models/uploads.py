from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.kernel.references import REF_LENGTH, new_ref
from apps.tickets.models.messages import Attachment
from apps.tickets.querysets import UploadQuerySet

UploadManager = models.Manager.from_queryset(UploadQuerySet)


class Upload(models.Model):
    """A file that its owner put down before sending the form it belongs to.

    The form carries `ref`. Sending it turns the row into an attachment; what is never sent goes
    after a day.
    """

    ref = models.CharField(max_length=REF_LENGTH, unique=True, default=new_ref, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=100, unique=True)  # as of an attachment, which takes it over
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)  # sniffed
    size = models.PositiveBigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    scan = models.CharField(
        max_length=11,
        choices=Attachment.Scan,
        default=Attachment.Scan.PENDING,
        db_default=Attachment.Scan.PENDING.value,
    )
    finding = models.CharField(max_length=200, blank=True, default="", db_default="")
    # Where its browser sent it: what is confirmed twice is kept once.
    arrival = models.CharField(max_length=100, null=True, unique=True)
    created_at = models.DateTimeField()

    objects = UploadManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sha256__length=64), name="upload_has_digest"),
        ]
        indexes = [
            # What the chore throws away: UploadQuerySet.abandoned().
            models.Index(fields=["created_at"], name="upload_abandoned"),
        ]

    def __str__(self) -> str:
        return self.name
