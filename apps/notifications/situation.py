from __future__ import annotations

from django.contrib.auth.models import Permission as DjangoPermission
from django.db.models import Q

from apps.accounts.models import TeamMember, User
from apps.accounts.permissions import Permission
from apps.notifications.audience import Situation
from apps.tickets.models import Participant, Ticket


def situation_of(ticket: Ticket) -> Situation:
    """How the ticket stands now. Three queries, however many watch it."""
    members = TeamMember.objects.filter(team=ticket.team_id, user__is_active=True)
    team = frozenset(members.values_list("user_id", flat=True)) if ticket.team_id else frozenset()
    watching = list(Participant.objects.filter(ticket=ticket).values_list("user_id", "address"))
    watchers = frozenset(user for user, _ in watching if user is not None)
    return Situation(
        requester=ticket.requester_id,
        assignee=ticket.assignee_id,
        team=team,
        watchers=watchers,
        addresses=frozenset(address for _, address in watching if address),
        staff=_staff_among(team | watchers | {ticket.requester_id, ticket.assignee_id or 0}),
    )


def _staff_among(users: frozenset[int]) -> frozenset[int]:
    work = DjangoPermission.objects.filter(codename=Permission.WORK_TICKETS)
    found = User.objects.filter(pk__in=users, is_staff=True).filter(
        Q(groups__permissions__in=work) | Q(is_superuser=True)
    )
    return frozenset(found.values_list("pk", flat=True))
