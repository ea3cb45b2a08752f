"""A team's policy gives out its tickets. What it decides, and why, is in the journal."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, Max

from apps.accounts.access import availability_at, holds
from apps.accounts.models import Team, TeamMember
from apps.accounts.permissions import Permission
from apps.events import journal
from apps.kernel.actors import Actor
from apps.tickets import assignment, events, policies
from apps.tickets.actions import rows
from apps.tickets.actions.working import hand_over
from apps.tickets.assignment import Candidate, Choice, Policy, Reason
from apps.tickets.errors import TicketIsFinalError
from apps.tickets.models import Ticket, Waiting
from apps.tickets.querysets import open_tickets_of
from apps.tickets.statuses import ACTIVE, TERMINAL


@transaction.atomic
def auto_assign(*, ticket: Ticket, actor: Actor, now: datetime) -> Ticket:
    """Give a ticket that nobody has to whoever its team's policy chooses. Safe to ask again.

    1. The ticket's lock: what a person has assigned meanwhile stays as it is.
    2. The team's lock: its decisions come one after the other, each seeing the turns and loads
       that the last one left.
    3. Hand it over, or note that it waits: the chore and returning agents ask again.
    """
    ticket = rows.lock(ticket, actor=actor, may=policies.can_work)
    if ticket.assignee_id is not None or not _is_given_out(ticket):
        Waiting.objects.filter(ticket=ticket).delete()
        return ticket
    choice = _choose(ticket, now=now)
    if choice.user_id is None:
        _leave_waiting(ticket, choice, actor=actor, now=now)
    else:
        _give(ticket, choice, actor=actor, now=now)
    return ticket


@transaction.atomic
def relieve(*, ticket: Ticket, actor: Actor, now: datetime) -> Ticket:
    """Give a ticket whose agent is off, or gone, to somebody who is there; else it stays."""
    ticket = rows.lock(ticket, actor=actor, may=policies.can_work)
    if ticket.assignee_id is None or not _is_given_out(ticket):
        return ticket
    choice = _choose(ticket, now=now)
    absent = {assignment.Verdict.OFF, assignment.Verdict.MAY_NOT}
    is_there = {one.user_id for one in choice.considered if one.verdict not in absent}
    if ticket.assignee_id not in is_there and choice.user_id is not None:
        _give(ticket, choice, actor=actor, now=now)
    return ticket


@transaction.atomic
def hand_back(*, ticket: Ticket, actor: Actor, now: datetime) -> Ticket:
    """Give a ticket back to its team, where the policy finds somebody else, or it lies open."""
    ticket = rows.lock(ticket, actor=actor, may=policies.can_work)
    if ticket.status_category in TERMINAL:
        raise TicketIsFinalError
    if ticket.assignee_id is None:
        return ticket
    if not _is_given_out(ticket):
        hand_over(ticket, team_id=ticket.team_id, assignee_id=None, actor=actor, now=now)
        return ticket
    choice = _choose(ticket, now=now, giver=ticket.assignee_id)
    if choice.user_id is not None:
        _give(ticket, choice, actor=actor, now=now)
        return ticket
    told = {**assignment.as_told(choice), "reason": Reason.HANDED_BACK.value, "automatic": True}
    hand_over(ticket, team_id=ticket.team_id, assignee_id=None, actor=actor, now=now, told=told)
    _leave_waiting(ticket, choice, actor=actor, now=now)
    return ticket


def _is_given_out(ticket: Ticket) -> bool:
    by_hand = ticket.team is None or ticket.team.assignment_policy == Policy.MANUAL
    return not by_hand and ticket.status_category in ACTIVE


def _choose(ticket: Ticket, *, now: datetime, giver: int | None = None) -> Choice:
    """Lock the team and look at its members: two queries, however many they are."""
    # Members and tickets refer to the team: their keys must not wait for this.
    team = Team.objects.select_for_update(no_key=True).get(pk=ticket.team_id or 0)
    return assignment.choose(
        team.assignment_policy, _candidates(team, ticket, now=now, giver=giver)
    )


def _candidates(team: Team, ticket: Ticket, *, now: datetime, giver: int | None) -> list[Candidate]:
    members = (
        TeamMember.objects.filter(team=team)
        .order_by("pk")
        .annotate(
            load=open_tickets_of("user"),
            may_work=holds(Permission.WORK_TICKETS, "user"),
            availability=F("user__agent_state__availability"),
            until=F("user__agent_state__until"),
        )
        .values("user_id", "turn", "load", "may_work", "availability", "until")
    )
    return [
        Candidate(
            user_id=member["user_id"],
            availability=availability_at(member["availability"], member["until"], now),
            load=member["load"],
            capacity=team.capacity,
            turn=member["turn"],
            may_work=member["may_work"],
            is_requester=member["user_id"] == ticket.requester_id,
            gave_it_back=member["user_id"] == giver,
        )
        for member in members
    ]


def _give(ticket: Ticket, choice: Choice, *, actor: Actor, now: datetime) -> None:
    told = {**assignment.as_told(choice), "automatic": True}
    hand_over(
        ticket,
        team_id=ticket.team_id,
        assignee_id=choice.user_id,
        actor=actor,
        now=now,
        told=told,
    )
    members = TeamMember.objects.filter(team=ticket.team_id)
    last = members.aggregate(last=Max("turn"))["last"]
    members.filter(user=choice.user_id).update(turn=last + 1)


def _leave_waiting(ticket: Ticket, choice: Choice, *, actor: Actor, now: datetime) -> None:
    """Told once: the chore looks again every minute."""
    assert ticket.team_id is not None
    waiting, is_new = Waiting.objects.get_or_create(
        ticket=ticket, defaults={"team_id": ticket.team_id, "since": now}
    )
    if not is_new and waiting.team_id == ticket.team_id:
        return
    Waiting.objects.filter(pk=waiting.pk).update(team=ticket.team_id)
    fact = events.TicketLeftWaiting(
        subject=events.subject_of(ticket.pk),
        team_id=ticket.team_id,
        **assignment.as_told(choice),
    )
    journal.record(fact, actor=actor, now=now)
