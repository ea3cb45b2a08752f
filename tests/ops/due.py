"""Something due for every chore of the desk, and what doing it must come to."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.accounts import actions as people
from apps.accounts.models import Throttle
from apps.events.models import Delivery, Event
from apps.kernel.actors import SYSTEM
from apps.kernel.scanning import scanner
from apps.knowledge import actions as knowledge
from apps.mail.inbox import inbox
from apps.mail.models import IncomingMail
from apps.notifications.models import Notification, OutgoingMail
from apps.ops import actions as ops
from apps.ops.models import JobFailure
from apps.tickets import actions as tickets
from apps.tickets.actions.rows import default_status
from apps.tickets.models import Message, Ticket, Upload
from apps.tickets.statuses import StatusCategory
from apps.webhooks.models import WebhookDelivery
from tests.cast import Cast
from tests.desk.writing import sent
from tests.knowledge.shelf import drafted, kept, out, topic
from tests.ops.test_alarms import ARN, say
from tests.portal.test_deflection import opened
from tests.support import NOON
from tests.tickets.desk import raised, stored
from tests.webhooks.hooks import endpoint, hear
from tests.webhooks.receiver import Receiver

MANY = 3  # of each: enough for two to find work at the same moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    cast: Cast
    server: Receiver  # a customer's


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """`make` has something due; `count` is by `change` more after the chore, however it ran."""

    make: Callable[[Desk], object]
    count: Callable[[Desk], int]
    change: int


def _facts(name: str) -> Callable[[Desk], int]:
    return lambda _desk: Event.objects.filter(name=name).count()


def _each(make: Callable[[Desk, int], object]) -> Callable[[Desk], object]:
    return lambda desk: [make(desk, number) for number in range(MANY)]


def _days_ago(days: float, *verbs: str) -> Callable[[Desk], object]:
    """Tickets that went this way so long ago."""

    def make(desk: Desk, _number: int) -> None:
        then, alice = timezone.now() - timedelta(days=days), desk.cast.actor(desk.cast.alice)
        rachel = desk.cast.rachel
        ticket = tickets.raise_ticket(
            requester=rachel, subject="S", text="T", actor=desk.cast.actor(rachel), now=then
        )
        lead, cards = desk.cast.actor(desk.cast.lena), desk.cast.cards
        ticket = tickets.assign(
            ticket=ticket, team=cards, assignee=desk.cast.alice, actor=lead, now=then
        )
        for verb in verbs:
            if verb == "solve":
                ticket = tickets.solve(ticket=ticket, actor=alice, now=then)
                continue
            is_asleep = verb == StatusCategory.SCHEDULED
            ticket = tickets.change_status(
                ticket=ticket,
                status=default_status(StatusCategory(verb)),
                until=timezone.now() - timedelta(hours=1) if is_asleep else None,
                actor=alice,
                now=then,
            )

    return _each(make)


def _waiting_mail(desk: Desk) -> None:
    for _ in range(MANY):
        raised(desk.cast)
    hear()
    Notification.objects.update(due_at=NOON)


def _composed_mail(desk: Desk) -> None:
    for number in range(MANY):
        OutgoingMail.objects.create(
            key=f"due {number}", to=f"{number}@example.com", subject="S", text="T",
            due_at=NOON, created_at=NOON,
        )  # fmt: skip


def _came_in(desk: Desk, number: int) -> None:
    folder = Path(settings.INBOX_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{len(list(folder.iterdir()))}-{number}.eml"
    (folder / name).write_bytes(b"From: rachel@example.com\nSubject: S\n\nT\n")


def _without_a_scanner(desk: Desk, _number: int) -> None:
    with scanner.override(scanner.build("clamd://127.0.0.1:9")):
        raised(desk.cast, attachments=[stored()])


def _waits_for_somebody(desk: Desk) -> None:
    """Tickets came while nobody was there, and somebody has come back."""
    team = desk.cast.cards
    people.set_assignment(team=team, policy="round_robin", capacity=None, actor=SYSTEM, now=NOON)
    for availability in ("off", "available"):
        for person in (desk.cast.alice, desk.cast.lena):
            people.set_availability(user=person, availability=availability, actor=SYSTEM, now=NOON)
        if availability == "off":
            for _ in range(MANY):
                ticket = raised(desk.cast, team=team)
                tickets.auto_assign(ticket=ticket, actor=SYSTEM, now=NOON)


def _away_until(desk: Desk) -> None:
    for person in (desk.cast.bob, desk.cast.fay, desk.cast.alice):
        people.set_availability(
            user=person, availability="away", until=timezone.now() - timedelta(minutes=1), note="",
            actor=SYSTEM, now=NOON,
        )  # fmt: skip


def _heard(desk: Desk) -> None:
    endpoint(desk.cast, desk.server.url, facts=("ticket.raised",))
    for _ in range(MANY):
        raised(desk.cast)
    hear()


def _heard_long_ago(desk: Desk) -> None:
    _heard(desk)
    WebhookDelivery.objects.update(state="sent", done_at=NOON)


def _scheduled(desk: Desk, number: int) -> None:
    article = drafted(desk.cast, category=topic(desk.cast, f"Topic {number}"))
    lena = desk.cast.actor(desk.cast.lena)
    knowledge.schedule(article=article, at=NOON + timedelta(days=1), actor=lena, now=NOON)


def _to_review(desk: Desk, _number: int) -> None:
    alice, day = desk.cast.actor(desk.cast.alice), (NOON + timedelta(days=7)).date()
    knowledge.set_review(article=out(desk.cast), review_on=day, actor=alice, now=NOON)


def _opened(desk: Desk, _number: int) -> None:
    opened(desk.cast, out(desk.cast), visit=uuid.uuid4())


def _held_back(desk: Desk, _number: int) -> None:
    sent(raised(desk.cast), desk.cast.alice)


def _uploaded(desk: Desk, _number: int) -> None:
    tickets.keep_upload(stored=stored(), actor=desk.cast.actor(desk.cast.rachel), now=NOON)


def _aged(key: str) -> None:
    """As if it had been stored days ago."""
    then = time.time() - timedelta(days=3).total_seconds()
    os.utime(default_storage.path(key), (then, then))


def _done_long_ago(desk: Desk) -> None:
    raised(desk.cast)
    hear()
    Delivery.objects.update(done_at=NOON)


def _tried_long_ago(_desk: Desk, number: int) -> None:
    Throttle.objects.create(key=f"k{number}", count=1, since=NOON)


def _mailed_long_ago(desk: Desk) -> None:
    _composed_mail(desk)
    OutgoingMail.objects.update(state="sent", sent_at=NOON)


def _expired(_desk: Desk, number: int) -> None:
    Session.objects.create(session_key=f"s{number}", session_data="", expire_date=NOON)


def _failed_long_ago(_desk: Desk, number: int) -> None:
    ops.note_failure(job_id=f"j{number}", task="t", error=ValueError("x"))
    JobFailure.objects.update(failed_at=NOON)


def _stored(folder: str) -> int:
    root = Path(default_storage.path(folder))
    return sum(path.is_file() for path in root.rglob("*"))


def _forgotten(desk: Desk, number: int) -> None:
    IncomingMail.objects.create(
        store=inbox.get().store, key=f"{number}.eml", state="erasing", received_at=NOON, due_at=NOON
    )


def _read_long_ago(desk: Desk, number: int) -> None:
    then = timezone.now() - timedelta(days=settings.INCOMING_MAIL_DAYS + 1)
    IncomingMail.objects.create(
        store=inbox.get().store, key=f"o{number}.eml", state="kept", received_at=then, due_at=then
    )


def _came_and_went(desk: Desk, number: int) -> None:
    for minute, state in enumerate(["ALARM", "OK"] * 6):
        say(state, minute, AlarmArn=f"{ARN}-{number}")


def _resolved(_desk: Desk) -> int:
    return Ticket.objects.filter(status_category="resolved").count()


DUE = {
    "compose-mail": Due(
        make=_waiting_mail, count=lambda _: OutgoingMail.objects.count(), change=MANY
    ),
    "send-mail": Due(make=_composed_mail, count=lambda _: len(mail.outbox), change=MANY),
    "take-mail": Due(make=_each(_came_in), count=_facts("mail.received"), change=MANY),
    "find-mail": Due(
        make=_each(_came_in), count=lambda _: IncomingMail.objects.count(), change=MANY
    ),
    "send-replies": Due(
        make=_each(_held_back), count=lambda _: Message.objects.filter(direction="out").count(),
        change=MANY,
    ),
    "wake-tickets": Due(
        make=_days_ago(3, "open", "scheduled"), count=_facts("ticket.status_changed"), change=MANY
    ),
    "publish-articles": Due(
        make=_each(_scheduled), count=_facts("article.published"), change=MANY
    ),
    "tell-reviews": Due(make=_each(_to_review), count=_facts("article.review_due"), change=MANY),
    "end-absences": Due(
        make=_away_until, count=_facts("agent.availability_changed"), change=MANY
    ),
    "assign-waiting": Due(
        make=_waits_for_somebody, count=_facts("ticket.assigned"), change=MANY
    ),
    "close-resolved": Due(make=_days_ago(20, "solve"), count=_facts("ticket.closed"), change=MANY),
    "close-pending": Due(
        make=_days_ago(20, "pending"), count=_facts("ticket.closed"), change=MANY
    ),
    "ask-for-ratings": Due(
        make=_days_ago(1.1, "solve"), count=_facts("rating.requested"), change=MANY
    ),
    "discard-uploads": Due(
        make=_each(_uploaded), count=lambda _: Upload.objects.count(), change=-MANY
    ),
    "send-webhooks": Due(make=_heard, count=lambda desk: len(desk.server.got), change=MANY),
    "prune-webhooks": Due(
        make=_heard_long_ago,
        count=lambda _: WebhookDelivery.objects.count(), change=-MANY,
    ),
    "scan-files": Due(
        make=_each(_without_a_scanner), count=_facts("attachment.scanned"), change=MANY
    ),
    "settle-deflections": Due(make=_each(_opened), count=_facts("article.deflected"), change=MANY),
    "prune-journal": Due(
        make=_done_long_ago, count=lambda _: min(Delivery.objects.count(), 1), change=-1
    ),
    "prune-throttles": Due(
        make=_each(_tried_long_ago), count=lambda _: Throttle.objects.count(), change=-MANY
    ),
    "prune-mail": Due(
        make=_mailed_long_ago, count=lambda _: OutgoingMail.objects.count(), change=-MANY
    ),
    "prune-sessions": Due(
        make=_each(_expired), count=lambda _: Session.objects.count(), change=-MANY
    ),
    "prune-failures": Due(
        make=_each(_failed_long_ago), count=lambda _: JobFailure.objects.count(), change=-MANY
    ),
    "erase-mail": Due(
        make=_each(_forgotten), count=lambda _: IncomingMail.objects.count(), change=-MANY
    ),
    "prune-incoming": Due(
        make=_each(_read_long_ago),
        count=lambda _: IncomingMail.objects.filter(state="kept").count(), change=-MANY,
    ),
    # It counts what stands, as often as it is asked, and writes no row.
    "measure": Due(make=lambda _: None, count=lambda _: Event.objects.count(), change=0),
    "settle-alarms": Due(make=_each(_came_and_went), count=_resolved, change=MANY),
    "discard-orphans": Due(
        make=_each(lambda _desk, _number: _aged(stored().key)),
        count=lambda _: _stored("attachments"), change=-MANY,
    ),
    "discard-pictures": Due(
        make=_each(lambda _desk, _number: _aged(kept().key)),
        count=lambda _: _stored("articles"), change=-MANY,
    ),
}  # fmt: skip
