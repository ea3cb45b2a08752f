from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.kernel.actors import Actor
from apps.tickets import policies
from apps.tickets.actions import rows
from apps.tickets.errors import TransitionRefusedError
from apps.tickets.models import Status, Ticket
from apps.tickets.statuses import StatusCategory


@transaction.atomic
def change_status(
    *,
    ticket: Ticket,
    status: Status,
    actor: Actor,
    now: datetime,
    until: datetime | None = None,
    expected_version: int | None = None,
) -> Ticket:
    """Staff move a ticket to a status. `until` says when a scheduled one wakes."""
    ticket = rows.lock(
        ticket, actor=actor, may=policies.can_work, expected_version=expected_version
    )
    if status.category == StatusCategory.MERGED or status.archived:
        raise TransitionRefusedError(ticket.status_category, status.category)
    if status.pk == ticket.status_id and until == ticket.scheduled_until:
        return ticket
    rows.move(ticket, status, actor=actor, now=now, until=until)
    return ticket


@transaction.atomic
def solve(
    *, ticket: Ticket, actor: Actor, now: datetime, expected_version: int | None = None
) -> Ticket:
    """Whoever asked says that it is solved."""
    may = policies.can_settle
    ticket = rows.lock(ticket, actor=actor, may=may, expected_version=expected_version)
    if ticket.status_category == StatusCategory.RESOLVED:
        return ticket
    if ticket.status_category == StatusCategory.SCHEDULED:
        # The workflow lets a scheduled ticket only open: it is woken first.
        opened = rows.default_status(StatusCategory.OPEN)
        rows.move(ticket, opened, actor=actor, now=now)
    resolved = rows.default_status(StatusCategory.RESOLVED)
    rows.move(ticket, resolved, actor=actor, now=now)
    return ticket


@transaction.atomic
def reopen(*, ticket: Ticket, actor: Actor, now: datetime) -> Ticket:
    """It isn't solved after all. Closed tickets stay closed: a reply opens a follow-up."""
    ticket = rows.lock(ticket, actor=actor, may=policies.can_settle)
    if ticket.status_category == StatusCategory.OPEN:
        return ticket
    if ticket.status_category != StatusCategory.RESOLVED:
        raise TransitionRefusedError(ticket.status_category, StatusCategory.OPEN)
    rows.move(ticket, rows.default_status(StatusCategory.OPEN), actor=actor, now=now)
    return ticket


@transaction.atomic
def close(*, ticket: Ticket, actor: Actor, now: datetime, unchanged_since: datetime) -> Ticket:
    """Close what was left alone since a moment. What moved in between is left as it is."""
    ticket = rows.lock(ticket, actor=actor, may=policies.can_work)
    waits = ticket.status_category in {StatusCategory.RESOLVED, StatusCategory.PENDING}
    if waits and ticket.updated_at <= unchanged_since:
        closed = rows.default_status(StatusCategory.CLOSED)
        rows.move(ticket, closed, actor=actor, now=now, automatic=actor.is_system)
    return ticket


@transaction.atomic
def wake(*, ticket: Ticket, actor: Actor, now: datetime) -> Ticket:
    """Open a scheduled ticket whose time has come."""
    ticket = rows.lock(ticket, actor=actor, may=policies.can_work)
    if ticket.scheduled_until is not None and ticket.scheduled_until <= now:
        rows.move(ticket, rows.default_status(StatusCategory.OPEN), actor=actor, now=now)
    return ticket
