"""From a signed-in user to the actor that policies know."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.models import Permission as DjangoPermission
from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from apps.accounts.models import AgentState, Team, TeamMember, User
from apps.accounts.permissions import Permission
from apps.kernel.actors import ANONYMOUS, Actor
from apps.kernel.compiled import Compiled
from apps.kernel.errors import ForbiddenError


def actor_for(user: User | AnonymousUser) -> Actor:
    """The actor behind a user. One query for staff: permissions and teams.

    None for customers who came with their organisation, as those who sign in do.
    """
    if not isinstance(user, User) or not user.is_active:
        return ANONYMOUS
    permissions, teams = _granted(user)
    sees_private = Permission.SEE_PRIVATE_TEAMS in permissions
    return Actor(
        kind="person",
        id=user.pk,
        permissions=permissions,
        team_ids=frozenset(pk for pk, _, member in teams if member),
        hidden_team_ids=frozenset(
            pk for pk, private, member in teams if private and not member and not sees_private
        ),
        shared_organisation_id=_shared_organisation(user),
    )


def is_self(actor: Actor, user: User) -> bool:
    """Whether a person asks about themselves. A token acts for its owner, and isn't the owner."""
    return actor.kind == "person" and actor.id == user.pk


def require(actor: Actor, permission: Permission) -> None:
    """Raises ForbiddenError."""
    if not actor.can(permission):
        raise ForbiddenError


def permissions_of(user: User) -> frozenset[str]:
    return _granted(user)[0]


Teams = list[tuple[int, bool, bool]]  # id, whether it is private, whether the user is a member


def _granted(user: User) -> tuple[frozenset[str], Teams]:
    """What a user holds, and for whoever works on tickets all teams. One query."""
    if not user.is_staff and not user.is_superuser:
        return frozenset(), []  # customers hold none: saves their pages a query
    rows = _rows_granted(user.pk)
    names = {codename for codename, *_ in rows}
    permissions = frozenset(p for p in Permission if user.is_superuser or p in names)
    if Permission.WORK_TICKETS not in permissions:
        return permissions, []
    return permissions, [
        (pk, private, mine) for codename, pk, private, mine in rows if not codename
    ]


def ask_granted(user: int) -> QuerySet[Any, Any]:
    member = Exists(TeamMember.objects.filter(team=OuterRef("pk"), user=user))
    teams = Team.objects.order_by().values_list(Value(""), "pk", "private", member)
    held = (
        DjangoPermission.objects.order_by()
        .filter(content_type__app_label="accounts")
        .values_list("codename", Value(0), Value(value=False), Value(value=False))
    )
    # Each by itself: with OR between them PostgreSQL reads every user's groups.
    return teams.union(held.filter(group__user=user), held.filter(user=user), all=True)


_rows_granted: Compiled[tuple[str, int, bool, bool]] = Compiled(ask_granted)


def holds(permission: Permission, user: str) -> Exists:
    """Whether the user whose id stands in the column `user` holds a permission, inside a query."""
    granted = {"codename": permission.value, "content_type__app_label": "accounts"}
    groups = DjangoPermission.objects.filter(group__user=OuterRef("pk"), **granted)
    own = DjangoPermission.objects.filter(user=OuterRef("pk"), **granted)
    is_granted = Q(is_staff=True) & (Q(Exists(groups)) | Q(Exists(own)))
    return Exists(
        User.objects.filter(pk=OuterRef(user), is_active=True).filter(
            Q(is_superuser=True) | is_granted
        )
    )


def availability_at(kept: str | None, until: datetime | None, now: datetime) -> str:
    """What a stored state says at a moment: without one, and after its end, available."""
    if kept is None or (until is not None and until <= now):
        return AgentState.Availability.AVAILABLE.value
    return AgentState.Availability(kept).value


def availability_of(user: User, now: datetime) -> tuple[str, datetime | None]:
    """What somebody says of themselves, and until when. No query for who is signed in."""
    kept: AgentState | None = getattr(user, "agent_state", None)
    if kept is None:
        return AgentState.Availability.AVAILABLE.value, None
    state = availability_at(kept.availability, kept.until, now)
    return state, kept.until if state != AgentState.Availability.AVAILABLE else None


def can_set_availability(actor: Actor, user: User) -> bool:
    """Agents say it of themselves, leads of their teams' members, administrators of anybody."""
    if actor.is_system or actor.can(Permission.MANAGE_PEOPLE):
        return True
    if actor.id is None or not actor.can(Permission.WORK_TICKETS):
        return False
    return actor.id == user.pk or led_by(actor).filter(memberships__user=user).exists()


def led_by(actor: Actor) -> QuerySet[Team]:
    leading = TeamMember.objects.filter(user=actor.id, is_lead=True)
    return Team.objects.filter(pk__in=leading.values("team"))


def _shared_organisation(user: User) -> int | None:
    if user.is_organisation_manager or (user.organisation and user.organisation.shares_tickets):
        return user.organisation_id
    return None
