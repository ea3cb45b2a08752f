from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from apps.tickets.models import Ticket


class ChoreRun(models.Model):
    """When a chore is due next. Whoever moves `due_at` first sends the job."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    due_at = models.DateTimeField(_("due"))
    sent_at = models.DateTimeField(_("last started"), null=True)

    class Meta:
        verbose_name = _("chore")
        verbose_name_plural = _("chores")

    def __str__(self) -> str:
        return self.name


class JobFailureQuerySet(models.QuerySet["JobFailure"]):
    def of_chores(self) -> Self:
        """Those whose last turn failed, the most often first."""
        return self.filter(job_id=F("task")).order_by("-times", "task")


JobFailureManager = models.Manager.from_queryset(JobFailureQuerySet)


class JobFailure(models.Model):
    """What went wrong with a job the last time, until it is done or staff have seen to it.

    All jobs of a chore are one here, and known by the name of its task: `times` is how often it
    has failed since it was done the last time.
    """

    job_id = models.CharField(_("job"), max_length=64, unique=True)
    task = models.CharField(_("task"), max_length=120)
    error = models.TextField(_("error"))
    times = models.PositiveIntegerField(_("times"), default=1)
    failed_at = models.DateTimeField(_("last failed"))

    objects = JobFailureManager()

    class Meta:
        verbose_name = _("failure of a job")
        verbose_name_plural = _("failures of jobs")
        indexes = [
            # actions.forget_failures: what no broker keeps any longer.
            models.Index(fields=["failed_at"], name="job_failed_at"),
        ]

    def __str__(self) -> str:
        return f"{self.task} ({self.job_id})"


class Alarm(models.Model):
    """An alarm of CloudWatch, what was heard of it last, and its ticket: apps.ops.alarms."""

    fingerprint = models.CharField(max_length=255, unique=True)  # its ARN
    name = models.CharField(_("name"), max_length=255)
    state = models.CharField(max_length=20, blank=True)  # "" for a moment, before it is decided
    changed_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=0)  # that it began, since window_at
    window_at = models.DateTimeField()
    ticket = models.ForeignKey(Ticket, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"


class Probe(models.Model):
    """The doctor's mark on its way: who takes the job or the fact that names it answers here."""

    token = models.CharField(max_length=32, unique=True)
    sent_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.token
