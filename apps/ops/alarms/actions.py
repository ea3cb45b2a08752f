"""Alarms open, solve and reopen their tickets. Each has one row, which is locked meanwhile."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction

from apps.accounts.models import User
from apps.kernel.actors import SYSTEM
from apps.notifications import actions as notifications
from apps.ops.alarms import words
from apps.ops.alarms.deciding import Known, Step, decide, is_quiet
from apps.ops.alarms.reading import State, Told
from apps.ops.models import Alarm
from apps.tickets import actions as tickets
from apps.tickets.custom import definitions_for
from apps.tickets.models import Category, Channel, Level, Link, Ticket
from apps.tickets.statuses import ACTIVE, StatusCategory

ADDRESS = "alarms@desk.invalid"  # a domain that can never have mail: RFC 2606
SLUG = "alarms"


@transaction.atomic
def take(told: Told, *, now: datetime) -> Step:
    """Any number of times, in any order. What was done."""
    first = {
        "name": told.name,
        "state": "",
        "changed_at": told.at,
        "window_at": told.at,
    }
    Alarm.objects.get_or_create(fingerprint=told.fingerprint, defaults=first)
    row = Alarm.objects.select_for_update().get(fingerprint=told.fingerprint)
    ticket = row.ticket
    category = StatusCategory(ticket.status_category) if ticket else None
    heard, step = decide(_known(row), told, category)
    _keep(row, heard)
    _do(step, row, ticket, told, now=now)
    return step


@transaction.atomic
def settle_quiet(*, alarm: Alarm, now: datetime) -> None:
    """Solve a ticket that was left open because its alarm came and went."""
    row = Alarm.objects.select_for_update().get(pk=alarm.pk)
    known = _known(row)
    ticket = row.ticket
    if known is None or ticket is None or not is_quiet(known, now=now):
        return
    if ticket.status_category in ACTIVE:
        _solve(ticket, words.note(words.QUIET), now=now)


def _known(row: Alarm) -> Known | None:
    if not row.state:
        return None
    return Known(
        state=State(row.state),
        changed_at=row.changed_at,
        times=row.times,
        window_at=row.window_at,
    )


def _keep(row: Alarm, heard: Known) -> None:
    row.state, row.changed_at = heard.state, heard.changed_at
    row.times, row.window_at = heard.times, heard.window_at
    row.save(update_fields=["state", "changed_at", "times", "window_at"])


def _do(step: Step, row: Alarm, ticket: Ticket | None, told: Told, *, now: datetime) -> None:
    match step:
        case Step.RAISE:
            _raise(row, ticket, told, now=now)
        case Step.REOPEN if ticket is not None:
            reopened = tickets.reopen(ticket=ticket, actor=SYSTEM, now=now)
            _note(reopened, words.note(words.BACK, told.why), now=now)
        case Step.SOLVE if ticket is not None:
            _solve(ticket, words.note(words.OVER, told.why), now=now)
        case Step.NOTE if ticket is not None:
            _note(ticket, words.note(words.BACK, told.why), now=now)
        case Step.UNSTEADY if ticket is not None:
            _note(ticket, words.note(words.UNSTEADY, told.why), now=now)


def _raise(row: Alarm, before: Ticket | None, told: Told, *, now: datetime) -> None:
    known = words.alarm_of(told.name)
    is_felt = known is not None and known.felt
    ticket = tickets.raise_ticket(
        requester=_requester(),
        subject=words.subject(told),
        text=words.opening(told),
        kind=Ticket.Kind.INCIDENT,
        category=_category(),
        impact=Level.HIGH if is_felt else Level.LOW,
        urgency=Level.HIGH if is_felt else Level.MEDIUM,
        channel=Channel.API,
        actor=SYSTEM,
        now=now,
    )
    if before is not None:  # closed, or joined with another: whoever opens this finds what was done
        tickets.link(ticket=ticket, target=before, kind=Link.Kind.FOLLOWS, actor=SYSTEM, now=now)
    row.ticket = ticket
    row.save(update_fields=["ticket"])


def _solve(ticket: Ticket, text: str, *, now: datetime) -> None:
    _note(ticket, text, now=now)
    tickets.solve(ticket=ticket, actor=SYSTEM, now=now)


def _note(ticket: Ticket, text: str, *, now: datetime) -> None:
    tickets.note(ticket=ticket, text=text, actor=SYSTEM, now=now)


def _requester() -> User:
    """Who asks: nobody who could sign in, nor be written to."""
    user, is_new = User.objects.get_or_create(
        email=ADDRESS, defaults={"name": words.PERSON, "password": make_password(None)}
    )
    if is_new:
        notifications.unsubscribe(user=user)
    return user


def _category() -> Category | None:
    """The desk's own, whose team, name and place are its administrators' to choose.

    None where they put it away, or ask for more than an alarm can say.
    """
    named = {"name": words.CATEGORY, "position": 1000}
    category, _ = Category.objects.get_or_create(slug=SLUG, defaults=named)
    asks = any(field.required for field in definitions_for(category))
    return None if category.archived or asks else category
