"""What carries things: queues of jobs, the bus of facts, mail."""

from __future__ import annotations

import time
from collections.abc import Collection

from celery import current_app
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.events.stream import Stream, stream
from apps.mail.inbox import inbox
from apps.notifications.carrying import carrier
from apps.ops.doctor import Ailment, actions
from apps.ops.doctor.events import subject_of
from apps.ops.models import JobFailure, Probe

WAIT = 20.0  # seconds; an idle worker takes a job at once, a poll of SQS lasts as long
LOOK = 0.1  # seconds between looks
# A shard of Kinesis is read five times a second by all of its readers together.
STREAM_LOOK = 1.0
MOST_READ = 10_000  # records at a time, to be soon with what was put just now
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
    """Record a fact, and wait until it can be read where the relay has put it.

    Only workers may write there, so that nobody else could put anything. Whoever reads all facts
    passes over this one, as over any that says nothing to them.
    """
    source = stream.get()
    places: dict[str, str | None] = {shard.id: source.tip(shard.id) for shard in source.shards()}
    token = actions.tell(now=timezone.now())
    try:
        if not _came_by(subject_of(token), source, places, seconds=WAIT):
            raise Ailment(_("no relay brought a fact there within %d seconds") % WAIT)
    finally:
        actions.take_back(tokens=[token])
    count = len(places)
    told = ngettext(
        "recorded a fact, and read it from a stream of %d shard",
        "recorded a fact, and read it from a stream of %d shards",
        count,
    )
    return told % count


def _came_by(
    subject: str, source: Stream, places: dict[str, str | None], *, seconds: float
) -> bool:
    """Whether something about a subject is put after these places, as soon as it is."""
    end, over = time.monotonic() + seconds, set[str]()
    while True:
        for shard in source.shards():  # each time: they are split and merged
            if shard.id in over:
                continue
            if shard.id not in places:
                places[shard.id] = source.tip(shard.id)
            batch = source.read(shard.id, after=places[shard.id], limit=MOST_READ)
            if any(record.subject == subject for record in batch.records):
                return True
            places[shard.id] = batch.position
            if batch.ended:
                over.add(shard.id)
        if time.monotonic() > end:
            return False
        time.sleep(STREAM_LOOK)


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
