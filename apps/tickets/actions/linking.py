from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.events import journal
from apps.kernel.actors import Actor
from apps.tickets import events, policies
from apps.tickets.actions import rows
from apps.tickets.errors import LinkRefusedError
from apps.tickets.models import Link, Status, Ticket
from apps.tickets.statuses import StatusCategory


@transaction.atomic
def link(*, ticket: Ticket, target: Ticket, kind: str, actor: Actor, now: datetime) -> Link:
    """Say how two tickets belong together; saying it twice changes nothing."""
    ticket = _lock(ticket, target, actor)
    found, created = Link.objects.get_or_create(
        source=ticket, target=target, kind=Link.Kind(kind).value
    )
    if created:
        _record(ticket, target, kind, actor, now)
    return found


@transaction.atomic
def unlink(*, ticket: Ticket, target: Ticket, kind: str, actor: Actor, now: datetime) -> None:
    ticket = _lock(ticket, target, actor)
    gone, _ = Link.objects.filter(source=ticket, target=target, kind=kind).delete()
    if gone:
        _record(ticket, target, kind, actor, now, removed=True)


@transaction.atomic
def set_parent(
    *,
    ticket: Ticket,
    parent: Ticket | None,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> Ticket:
    """Put it under a parent ticket, or nowhere. A ticket can't be below itself."""
    if parent is None:
        ticket = rows.lock(
            ticket, actor=actor, may=policies.can_work, expected_version=expected_version
        )
    else:
        # One at a time: two that each look fine could close a circle between them.
        # No key: tickets that get this status meanwhile need not wait.
        Status.objects.select_for_update(no_key=True).get(
            category=StatusCategory.NEW, is_default=True
        )
        ticket = _lock(ticket, parent, actor, expected_version)
        _check_not_below(ticket, parent)
    if ticket.parent_id == (parent.pk if parent else None):
        return ticket
    before = ticket.parent
    ticket.parent = parent
    rows.save(ticket, "parent", now=now)
    if parent is not None:
        _record(ticket, parent, "parent", actor, now)
    elif before is not None:
        _record(ticket, before, "parent", actor, now, removed=True)
    return ticket


def _check_not_below(ticket: Ticket, parent: Ticket) -> None:
    above, seen = parent.pk, set[int]()
    while above is not None and above not in seen:
        if above == ticket.pk:
            raise LinkRefusedError(f"#{ticket.pk} is above #{parent.pk} already.")
        seen.add(above)
        above = Ticket.objects.values_list("parent_id", flat=True).get(pk=above)


def _lock(
    ticket: Ticket, target: Ticket, actor: Actor, expected_version: int | None = None
) -> Ticket:
    if ticket.pk == target.pk:
        raise LinkRefusedError("A ticket can't be linked to itself. Choose another one.")
    locked, other = rows.lock_both(ticket, target, expected_version=expected_version)
    rows.require(actor, locked, policies.can_work)
    rows.require(actor, other, policies.can_view)
    return locked


def _record(
    ticket: Ticket,
    target: Ticket,
    kind: str,
    actor: Actor,
    now: datetime,
    *,
    removed: bool = False,
) -> None:
    fact = events.TicketLinked(
        subject=events.subject_of(ticket.pk), target_id=target.pk, kind=kind, removed=removed
    )
    journal.record(fact, actor=actor, now=now)
