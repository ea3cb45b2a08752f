"""Jobs that fail, and what staff do with what was given up."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.permissions import Permission
from apps.events import journal
from apps.events.facts import Fact
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError
from apps.ops import events
from apps.ops.dead_jobs import DeadJob
from apps.ops.models import JobFailure

KEPT = timedelta(days=15)  # a day longer than a queue keeps a job
LONGEST_ERROR = 2000


def note_failure(*, job_id: str, task: str, error: BaseException) -> None:
    """Remember why a job failed; the job itself is the broker's. Chores: `job_id` is the task's."""
    told = {
        "task": task,
        "error": f"{type(error).__name__}: {error}"[:LONGEST_ERROR],
        "failed_at": timezone.now(),
    }
    again = JobFailure.objects.filter(job_id=job_id)
    if again.update(times=F("times") + 1, **told):
        return
    try:
        with transaction.atomic():
            JobFailure.objects.create(job_id=job_id, **told)
    except IntegrityError:
        again.update(times=F("times") + 1, **told)


def forget_failure(*, job_id: str) -> None:
    """It is done. Most jobs never failed: those write nothing."""
    known = JobFailure.objects.filter(job_id=job_id)
    if known.exists():
        known.delete()


def forget_failures(*, now: datetime) -> None:
    """Forget what no broker keeps any longer."""
    JobFailure.objects.filter(failed_at__lt=now - KEPT).delete()


@transaction.atomic
def note_retried(*, job: DeadJob, actor: Actor, now: datetime) -> None:
    """Say in the journal who put a job back into its queue."""
    subject = events.subject_of(job.job_id)
    _settle(events.JobRetried(subject=subject, task=job.task, queue=job.queue), actor, now)


@transaction.atomic
def note_dropped(*, job: DeadJob, actor: Actor, now: datetime) -> None:
    """Say in the journal who threw a job away."""
    subject = events.subject_of(job.job_id)
    _settle(events.JobDropped(subject=subject, task=job.task, queue=job.queue), actor, now)


@transaction.atomic
def note_message_retried(*, job: DeadJob, actor: Actor, now: datetime) -> None:
    """Say in the journal who put a message back into the worker's queue."""
    subject = events.subject_of_letter(job.job_id)
    _settle(events.LetterRetried(subject=subject, kind=job.task), actor, now)


@transaction.atomic
def note_message_dropped(*, job: DeadJob, actor: Actor, now: datetime) -> None:
    """Say in the journal who threw a message to the worker away."""
    subject = events.subject_of_letter(job.job_id)
    _settle(events.LetterDropped(subject=subject, kind=job.task), actor, now)


def _settle(fact: Fact, actor: Actor, now: datetime) -> None:
    if not actor.can(Permission.MANAGE_DESK):
        raise ForbiddenError
    JobFailure.objects.filter(job_id=fact.subject.partition(":")[2]).delete()
    journal.record(fact, actor=actor, now=now)
