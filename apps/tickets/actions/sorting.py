from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.text import one_line
from apps.tickets import custom as custom_fields
from apps.tickets import events, policies
from apps.tickets.actions import rows
from apps.tickets.actions.raising import add_tags, clean_subject, matrix_priority
from apps.tickets.actions.working import hand_over
from apps.tickets.errors import CategoryRefusedError, ReasonMissingError, TicketIsFinalError
from apps.tickets.models import Category, Ticket, TicketTag
from apps.tickets.statuses import TERMINAL
from apps.tickets.tags import clean_tags


def _lock_unfinished(
    ticket: Ticket, actor: Actor, may: rows.Policy, expected_version: int | None = None
) -> Ticket:
    ticket = rows.lock(ticket, actor=actor, may=may, expected_version=expected_version)
    if ticket.status_category in TERMINAL:
        raise TicketIsFinalError
    return ticket


@transaction.atomic
def categorise(
    *,
    ticket: Ticket,
    category: Category | None,
    actor: Actor,
    now: datetime,
    custom: Mapping[str, object] | None = None,
    expected_version: int | None = None,
) -> Ticket:
    """Put it under a category; values of fields that the new one lacks are dropped.

    A ticket that nobody works on yet goes to the category's team.
    """
    ticket = _lock_unfinished(ticket, actor, policies.can_work, expected_version)
    if category is not None and category.archived:
        raise CategoryRefusedError
    before, after = ticket.category_id, category.pk if category else None
    if before == after and custom is None:
        return ticket
    definitions = custom_fields.definitions_for(category)
    kept = {f.key: ticket.custom[f.key] for f in definitions if f.key in ticket.custom}
    retired = custom_fields.retired(category, ticket.custom)
    given = {**kept, **(custom or {})}
    ticket.custom = retired | custom_fields.clean(definitions, given, complete=False)
    ticket.category = category
    rows.save(ticket, "category", "custom", now=now)
    fact = events.TicketCategorised(
        subject=events.subject_of(ticket.pk), category_from=before, category_to=after
    )
    journal.record(fact, actor=actor, now=now)
    if category is not None and category.team_id is not None and ticket.assignee_id is None:
        hand_over(ticket, team_id=category.team_id, assignee_id=None, actor=actor, now=now)
    return ticket


@transaction.atomic
def prioritise(
    *,
    ticket: Ticket,
    impact: int,
    urgency: int,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> Ticket:
    """Set impact and urgency. The matrix gives the priority, unless it is overridden."""
    ticket = _lock_unfinished(ticket, actor, policies.can_work, expected_version)
    if (ticket.impact, ticket.urgency) == (impact, urgency):
        return ticket
    before = ticket.priority
    ticket.impact, ticket.urgency = impact, urgency
    ticket.priority = ticket.priority_override or matrix_priority(impact, urgency)
    rows.save(ticket, "impact", "urgency", "priority", now=now)
    _record_priority(ticket, before, actor, now)
    return ticket


@transaction.atomic
def override_priority(
    *,
    ticket: Ticket,
    priority: int | None,
    reason: str,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> Ticket:
    """Set the priority against the matrix, giving a reason; None goes back to the matrix."""
    ticket = _lock_unfinished(ticket, actor, policies.can_override_priority, expected_version)
    reason = one_line(reason)[:200] if priority is not None else ""
    if priority is not None and not reason:
        raise ReasonMissingError
    if (ticket.priority_override, ticket.override_reason) == (priority, reason):
        return ticket
    before = ticket.priority
    ticket.priority_override, ticket.override_reason = priority, reason
    ticket.priority = priority or matrix_priority(ticket.impact, ticket.urgency)
    rows.save(ticket, "priority", "priority_override", "override_reason", now=now)
    _record_priority(ticket, before, actor, now)
    return ticket


@transaction.atomic
def declare_major_incident(
    *,
    ticket: Ticket,
    major: bool,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> Ticket:
    """Take it out of the matrix's order, or back into it."""
    may = policies.can_declare_major_incident
    ticket = _lock_unfinished(ticket, actor, may, expected_version)
    if ticket.is_major_incident == major:
        return ticket
    ticket.is_major_incident = major
    rows.save(ticket, "is_major_incident", now=now)
    _record_priority(ticket, ticket.priority, actor, now)
    return ticket


def _record_priority(ticket: Ticket, before: int, actor: Actor, now: datetime) -> None:
    fact = events.TicketPrioritised(
        subject=events.subject_of(ticket.pk),
        priority_from=before,
        priority_to=ticket.priority,
        impact=ticket.impact,
        urgency=ticket.urgency,
        override=ticket.priority_override,
        is_major_incident=ticket.is_major_incident,
    )
    journal.record(fact, actor=actor, now=now)


@transaction.atomic
def edit(
    *,
    ticket: Ticket,
    actor: Actor,
    now: datetime,
    subject: str | None = None,
    kind: str | None = None,
    custom: Mapping[str, object] | None = None,
    expected_version: int | None = None,
) -> Ticket:
    """Correct what it says of itself. None leaves a field as it is."""
    ticket = _lock_unfinished(ticket, actor, policies.can_work, expected_version)
    wanted: dict[str, object] = {}
    if subject is not None:
        wanted["subject"] = clean_subject(subject)
    if kind is not None:
        wanted["kind"] = Ticket.Kind(kind).value
    if custom is not None:
        definitions = custom_fields.definitions_for(ticket.category)
        retired = custom_fields.retired(ticket.category, ticket.custom)
        wanted["custom"] = retired | custom_fields.clean(definitions, custom, complete=False)
    changed = [name for name, value in wanted.items() if getattr(ticket, name) != value]
    if not changed:
        return ticket
    for name in changed:
        setattr(ticket, name, wanted[name])
    rows.save(ticket, *changed, now=now)
    fact = events.TicketUpdated(subject=events.subject_of(ticket.pk), changed=tuple(changed))
    journal.record(fact, actor=actor, now=now)
    return ticket


@transaction.atomic
def tag(
    *,
    ticket: Ticket,
    actor: Actor,
    now: datetime,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    expected_version: int | None = None,
) -> Ticket:
    """Add and remove tags; what is there already, or isn't, changes nothing."""
    may = policies.can_work
    ticket = rows.lock(ticket, actor=actor, may=may, expected_version=expected_version)
    present = set(ticket.tags.values_list("name", flat=True))
    added = tuple(name for name in clean_tags(add) if name not in present)
    removed = tuple(name for name in clean_tags(remove) if name in present)
    if not added and not removed:
        return ticket
    add_tags(ticket, added)
    TicketTag.objects.filter(ticket=ticket, tag__name__in=removed).delete()
    rows.save(ticket, now=now)
    fact = events.TicketUpdated(
        subject=events.subject_of(ticket.pk),
        changed=("tags",),
        tags_added=added,
        tags_removed=removed,
    )
    journal.record(fact, actor=actor, now=now)
    return ticket
