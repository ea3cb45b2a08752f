from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from apps.events import relay
from apps.events.jobs import chore
from apps.kernel.counting import is_counting
from apps.ops import actions
from apps.ops.alarms import actions as alarms
from apps.ops.alarms.deciding import QUIET
from apps.ops.alarms.reading import State
from apps.ops.doctor import actions as doctor
from apps.ops.metrics.gauges import measure as measure_now
from apps.ops.metrics.recording import recorder
from apps.ops.models import Alarm
from apps.tickets.statuses import ACTIVE

KEEP_DELIVERIES = timedelta(days=14)


@chore
def prune_journal() -> None:
    """Forget deliveries that were done a fortnight ago, a batch at a time."""
    while relay.prune(before=timezone.now() - KEEP_DELIVERIES):
        pass


@chore
def prune_sessions() -> None:
    call_command("clearsessions")


@chore
def prune_failures() -> None:
    actions.forget_failures(now=timezone.now())


@chore
def measure() -> None:
    """Tell how the desk stands, once a minute for all of its processes."""
    if is_counting():
        recorder.flush(measure_now(now=timezone.now()))


@chore
def settle_alarms() -> None:
    """Those that came and went, and have been quiet since."""
    now = timezone.now()
    quiet = Alarm.objects.filter(state=State.OK, changed_at__lte=now - QUIET)
    for alarm in quiet.filter(ticket__status_category__in=sorted(ACTIVE)):
        alarms.settle_quiet(alarm=alarm, now=now)


@shared_task
def answer_probe(token: str) -> None:
    """The doctor sent it: a worker took it."""
    doctor.answer(token=token, now=timezone.now())
