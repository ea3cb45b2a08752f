from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.access import actor_for
from apps.accounts.models import Team, TeamMember, User
from apps.accounts.permissions import Permission
from apps.events import journal
from apps.kernel.actors import Actor
from apps.tickets import events, policies
from apps.tickets.actions import rows
from apps.tickets.errors import AssigneeRefusedError, TicketIsFinalError
from apps.tickets.models import Ticket, Waiting
from apps.tickets.statuses import TERMINAL, StatusCategory


@transaction.atomic
def assign(
    *,
    ticket: Ticket,
    team: Team | None,
    assignee: User | None,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> Ticket:
    """Say who works on it. An assignee belongs to the team, if there is one."""
    ticket = rows.lock(
        ticket, actor=actor, may=policies.can_work, expected_version=expected_version
    )
    hand_over(
        ticket,
        team_id=team.pk if team else None,
        assignee_id=assignee.pk if assignee else None,
        actor=actor,
        now=now,
    )
    return ticket


@transaction.atomic
def take(
    *, ticket: Ticket, actor: Actor, now: datetime, expected_version: int | None = None
) -> Ticket:
    """Staff take a ticket on themselves, into a team of theirs; a new one opens."""
    ticket = rows.lock(
        ticket, actor=actor, may=policies.can_work, expected_version=expected_version
    )
    me = rows.person(actor)
    team_id = ticket.team_id
    if team_id is None or team_id not in actor.team_ids:
        team_id = min(actor.team_ids, default=None)
    hand_over(ticket, team_id=team_id, assignee_id=me.pk, actor=actor, now=now)
    if ticket.status_category == StatusCategory.NEW:
        rows.move(ticket, rows.default_status(StatusCategory.OPEN), actor=actor, now=now)
    return ticket


def hand_over(
    ticket: Ticket,
    *,
    team_id: int | None,
    assignee_id: int | None,
    actor: Actor,
    now: datetime,
    told: Mapping[str, Any] | None = None,
) -> None:
    """Change team and assignee of a locked ticket, if they differ. Raises AssigneeRefusedError.

    `told` is what a team's policy says of its choice, whose candidates it has checked already.
    """
    before = ticket.team_id, ticket.assignee_id
    if (team_id, assignee_id) == before:
        return
    if ticket.status_category in TERMINAL:
        raise TicketIsFinalError
    if assignee_id is not None and told is None:
        _check_assignee(assignee_id, team_id)
    Waiting.objects.filter(ticket=ticket).delete()
    ticket.team_id, ticket.assignee_id = team_id, assignee_id
    rows.save(ticket, "team", "assignee", now=now)
    fact = events.TicketAssigned(
        subject=events.subject_of(ticket.pk),
        team_from=before[0],
        team_to=team_id,
        assignee_from=before[1],
        assignee_to=assignee_id,
        **(told or {}),
    )
    journal.record(fact, actor=actor, now=now)


def _check_assignee(assignee_id: int, team_id: int | None) -> None:
    user = User.objects.filter(pk=assignee_id, is_active=True).first()
    if user is None or not actor_for(user).can(Permission.WORK_TICKETS):
        raise AssigneeRefusedError
    if (
        team_id is not None
        and not TeamMember.objects.filter(team_id=team_id, user_id=assignee_id).exists()
    ):
        raise AssigneeRefusedError
