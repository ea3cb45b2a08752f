"""Jobs that fail, and what staff do with those that were given up."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.permissions import Permission
from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError
from apps.ops import events
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
def note_retried(*, job_id: str, task: str, queue: str, actor: Actor, now: datetime) -> None:
    """Say in the journal who put a job back into its queue."""
    fact = events.JobRetried(subject=events.subject_of(job_id), task=task, queue=queue)
    _settle(fact, actor=actor, now=now)


@transaction.atomic
def note_dropped(*, job_id: str, task: str, queue: str, actor: Actor, now: datetime) -> None:
    """Say in the journal who threw a job away."""
    fact = events.JobDropped(subject=events.subject_of(job_id), task=task, queue=queue)
    _settle(fact, actor=actor, now=now)


def _settle(fact: events.JobRetried | events.JobDropped, *, actor: Actor, now: datetime) -> None:
    if not actor.can(Permission.MANAGE_DESK):
        raise ForbiddenError
    JobFailure.objects.filter(job_id=fact.subject.partition(":")[2]).delete()
    journal.record(fact, actor=actor, now=now)
