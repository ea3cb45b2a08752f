"""What carries things: queues of jobs, the bus of facts, mail."""

from __future__ import annotations

import time
from collections.abc import Collection

from celery import current_app
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.events.stream import stream
from apps.mail.inbox import inbox
from apps.notifications.carrying import carrier
from apps.ops.doctor import Ailment, actions
from apps.ops.models import JobFailure, Probe

WAIT = 20.0  # seconds; an idle worker takes a job at once, a poll of SQS lasts as long
LOOK = 0.1  # seconds between looks
TASK = "apps.ops.tasks.answer_probe"


def jobs() -> str:
    """Send a job to each queue, and wait until workers have done all of them."""
    queues = list(settings.CELERY_TASK_QUEUES)
    marks = {actions.send_out(now=timezone.now()): queue for queue in queues}
    try:
        for token, queue in marks.items():
            current_app.send_task(TASK, args=[token], queue=queue)
        left = _unanswered(marks, seconds=WAIT)
    finally:
        actions.take_back(tokens=list(marks))
    if left:
        told = {"queues": ", ".join(marks[token] for token in left), "seconds": WAIT}
        raise Ailment(_("no worker did a job of %(queues)s within %(seconds)d seconds") % told)
    return _("workers did a job from each of: %s") % ", ".join(queues)


def chores() -> str:
    """Whether the last turn of each that ran was a success: its failures are kept until then."""
    failing = list(JobFailure.objects.of_chores())
    if failing:
        told = "; ".join(f"{each.task} ({each.times}x): {each.error[:80]}" for each in failing)
        raise Ailment(
            ngettext("%(n)d chore fails: %(told)s", "%(n)d chores fail: %(told)s", len(failing))
            % {"n": len(failing), "told": told}
        )
    return _("no chore failed the last time that it ran")


def facts() -> str:
    """Record a fact, and wait until its subscriber has heard it."""
    token = actions.tell(now=timezone.now())
    try:
        if _unanswered([token], seconds=WAIT):
            raise Ailment(_("no subscriber heard a fact within %d seconds") % WAIT)
    finally:
        actions.take_back(tokens=[token])
    return _("recorded a fact, and its subscriber heard it")


def streaming() -> str:
    """Reads only: what is put stays for days, and every fact of the probe "facts" goes this way."""
    shards = stream.get().shards()
    for shard in shards[:1]:
        stream.get().read(shard.id, after=None, limit=1)
    count = len(shards)
    return (
        ngettext("read from a stream of %d shard", "read from a stream of %d shards", count) % count
    )


def _unanswered(tokens: Collection[str], *, seconds: float) -> list[str]:
    """Those that are not answered by then, as soon as that is known."""
    end = time.monotonic() + seconds
    while True:
        waiting = Probe.objects.filter(token__in=list(tokens), answered_at=None)
        left = sorted(waiting.values_list("token", flat=True))
        if not left or time.monotonic() > end:
            return left
        time.sleep(LOOK)


def mail_out() -> str:
    return carrier.get().prove()


def mail_in() -> str:
    return inbox.get().prove()
