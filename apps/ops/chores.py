"""What the desk does by the clock: one table, ticked by the relay; cron.yaml is made from it.

A chore is a Celery task that may run twice or be missed once: it looks at what is due by then. Any
number of relays tick; the one that moves the row's due time, by compare-and-set, sends the job. A
relay that is killed in between has sent nothing, and the chore runs at its next time.
"""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery import current_app
from celery.schedules import crontab_parser
from django.db import IntegrityError

from apps.ops.models import ChoreRun

logger = logging.getLogger(__name__)

WORKER_PATH = "/worker/"  # project/worker_urls.py


class UnknownChoreError(Exception):
    """Only another release has it."""


@dataclass(frozen=True, slots=True)
class Chore:
    """`schedule` is a line of cron in UTC: minute, hour, day of month, month, day of week."""

    name: str
    schedule: str
    task: str
    why: str


CHORES = (
    Chore(
        "compose-mail", "* * * * *", "apps.notifications.tasks.compose_due",
        "what the nudge after a fact missed: a lost one costs a minute",
    ),
    Chore(
        "send-mail", "* * * * *", "apps.notifications.tasks.send_due",
        "mails whose retry is due, or whose sender was killed",
    ),
    Chore(
        "take-mail", "* * * * *", "apps.mail.tasks.take_waiting",
        "mail that came in: what waits to be read, and what a folder holds",
    ),
    Chore(
        "erase-mail", "* * * * *", "apps.mail.tasks.erase_forgotten",
        "mail that was forgotten or is old, should the nudge be lost or its store be away",
    ),
    Chore(
        "find-mail", "37 4 * * *", "apps.mail.tasks.find_unannounced",
        "mail that was stored without its notice reaching us",
    ),
    Chore(
        "send-replies", "* * * * *", "apps.desk.tasks.send_due",
        "replies whose time to be taken back is over, should their job be lost",
    ),
    Chore(
        "wake-tickets", "* * * * *", "apps.tickets.tasks.wake_scheduled",
        "scheduled tickets open when their date comes",
    ),
    Chore(
        "publish-articles", "* * * * *", "apps.knowledge.tasks.publish_due",
        "scheduled articles go live when their time comes",
    ),
    Chore(
        "tell-reviews", "7 * * * *", "apps.knowledge.tasks.tell_reviews",
        "owners hear of articles whose review date has come",
    ),
    Chore(
        "end-absences", "* * * * *", "apps.accounts.tasks.end_absences",
        "agents who said when they are back are available again",
    ),
    Chore(
        "assign-waiting", "* * * * *", "apps.tickets.tasks.assign_waiting",
        "tickets that a team's policy found nobody for, once somebody has room",
    ),
    Chore(
        "close-resolved", "*/10 * * * *", "apps.tickets.tasks.close_resolved",
        "solved tickets close when the reopen window ends",
    ),
    Chore(
        "close-pending", "5,35 * * * *", "apps.tickets.tasks.close_pending",
        "tickets whose requester never answered close",
    ),
    Chore(
        "ask-for-ratings", "*/15 * * * *", "apps.tickets.tasks.ask_for_ratings",
        "how a solving was, asked a day later",
    ),
    Chore(
        "discard-uploads", "47 * * * *", "apps.tickets.tasks.discard_uploads",
        "files that were put down for a form that was never sent",
    ),
    Chore(
        "send-webhooks", "* * * * *", "apps.webhooks.tasks.send_due",
        "webhooks whose retry is due, or whose nudge was lost",
    ),
    Chore(
        "prune-webhooks", "33 3 * * *", "apps.webhooks.tasks.prune",
        "deliveries of webhooks are kept for a fortnight, and tried for three days",
    ),
    Chore(
        "scan-files", "* * * * *", "apps.tickets.tasks.scan_waiting",
        "files that came while the scanner was away: nobody opens them before",
    ),
    Chore(
        "measure", "* * * * *", "apps.ops.tasks.measure",
        "how the desk stands, for its figures; no such job for minutes is an alarm itself",
    ),
    Chore(
        "settle-alarms", "*/10 * * * *", "apps.ops.tasks.settle_alarms",
        "tickets of alarms that came and went, once they have been quiet",
    ),
    Chore(
        "settle-deflections", "*/10 * * * *", "apps.portal.tasks.settle_deflections",
        "whether a suggested article spared its reader a request",
    ),
    Chore(
        "prune-journal", "17 3 * * *", "apps.ops.tasks.prune_journal",
        "deliveries that are done are kept for a fortnight",
    ),
    Chore(
        "prune-throttles", "23 3 * * *", "apps.accounts.tasks.prune_throttles",
        "counters of attempts are kept for a day",
    ),
    Chore(
        "prune-mail", "29 3 * * *", "apps.notifications.tasks.prune",
        "mails that were sent are kept for a month, notifications for three",
    ),
    Chore(
        "prune-incoming", "31 3 * * *", "apps.mail.tasks.prune",
        "mail that came in and was read is kept for a year (INCOMING_MAIL_DAYS)",
    ),
    Chore(
        "prune-sessions", "41 3 * * *", "apps.ops.tasks.prune_sessions",
        "expired sessions",
    ),
    Chore(
        "prune-failures", "43 3 * * *", "apps.ops.tasks.prune_failures",
        "why jobs failed that no broker keeps any longer",
    ),
    Chore(
        "discard-orphans", "53 3 * * *", "apps.tickets.tasks.discard_orphans",
        "stored files whose ticket was never made",
    ),
    Chore(
        "discard-pictures", "57 3 * * *", "apps.knowledge.tasks.discard_orphans",
        "stored pictures that no article names",
    ),
)  # fmt: skip


def tick(*, now: datetime, chores: tuple[Chore, ...] = CHORES) -> list[str]:
    """Send the jobs of chores that are due. Returns their names."""
    known = {run.name: run for run in ChoreRun.objects.all()}
    sent = []
    for chore in chores:
        run = known.get(chore.name)
        if run is None:
            _enter(chore, now=now)
        elif run.due_at <= now and _claim(run, chore, now=now):
            current_app.send_task(chore.task)
            sent.append(chore.name)
    return sent


def run(name: str, *, now: datetime) -> bool:
    """Send one chore's job if it is due: cron.yaml and relays may both say so. False if it isn't.

    Raises UnknownChoreError.
    """
    chore = next((chore for chore in CHORES if chore.name == name), None)
    if chore is None:
        raise UnknownChoreError(f"this release has no chore {name!r}")
    return bool(tick(now=now, chores=(chore,)))


def cron_yaml() -> str:
    """The table as Beanstalk's worker tier reads it: version 1, times in UTC."""
    lines = [
        "# Made by `manage.py chores --write` from apps/ops/chores.py.",
        "version: 1",
        "cron:",
    ]
    for chore in CHORES:
        lines += [
            f"  # {chore.why}",
            f'  - name: "{chore.name}"',
            f'    url: "{WORKER_PATH}"',
            f'    schedule: "{chore.schedule}"',
        ]
    return "\n".join(lines) + "\n"


def next_time(schedule: str, after: datetime) -> datetime:
    """The first minute after a moment that a line of cron names. Raises ValueError."""
    minutes, hours, days, months, weekdays = _read(schedule)
    start = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    for later in range(366):
        date = start.date() + timedelta(days=later)
        is_on = date.isoweekday() % 7 in weekdays
        if not (is_on and date.month in months and date.day in days):
            continue
        for hour, minute in itertools.product(sorted(hours), sorted(minutes)):
            moment = start.replace(
                year=date.year, month=date.month, day=date.day, hour=hour, minute=minute
            )
            if moment >= start:
                return moment
    raise ValueError(f"{schedule!r} names no minute within a year")


def _read(schedule: str) -> list[set[int]]:
    parsers = (
        crontab_parser(60),
        crontab_parser(24),
        crontab_parser(31, 1),
        crontab_parser(12, 1),
        crontab_parser(7),
    )
    fields = schedule.split()
    if len(fields) != len(parsers):
        raise ValueError(f"{schedule!r}: five fields make a line of cron")
    return [set(parser.parse(text)) for parser, text in zip(parsers, fields, strict=True)]


def _enter(chore: Chore, *, now: datetime) -> None:
    try:
        ChoreRun.objects.create(name=chore.name, due_at=next_time(chore.schedule, now))
    except IntegrityError:
        logger.debug("another relay entered %s", chore.name)


def _claim(run: ChoreRun, chore: Chore, *, now: datetime) -> bool:
    """Missed times coalesce: the next one is after now."""
    mine = ChoreRun.objects.filter(pk=run.pk, due_at=run.due_at)
    return bool(mine.update(due_at=next_time(chore.schedule, now), sent_at=now))
