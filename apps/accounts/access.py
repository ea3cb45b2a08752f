"""From a signed-in user to the actor that policies know."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.models import Permission as DjangoPermission
from django.db.models import Exists, OuterRef, Q

from apps.accounts.models import Team, TeamMember, User
from apps.accounts.permissions import Permission
from apps.kernel.actors import ANONYMOUS, Actor
from apps.kernel.errors import ForbiddenError


def actor_for(user: User | AnonymousUser) -> Actor:
    """The actor behind a user. At most three queries: permissions, organisation, teams."""
    if not isinstance(user, User) or not user.is_active:
        return ANONYMOUS
    permissions = permissions_of(user)
    teams = _teams_of(user) if Permission.WORK_TICKETS in permissions else []
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
    if user.is_superuser:
        return frozenset(Permission)
    if not user.is_staff:
        return frozenset()  # customers hold none: saves their pages a query
    return frozenset(
        DjangoPermission.objects.filter(
            Q(group__user=user) | Q(user=user), content_type__app_label="accounts"
        ).values_list("codename", flat=True)
    ) & frozenset(Permission)


def _teams_of(user: User) -> list[tuple[int, bool, bool]]:
    member = TeamMember.objects.filter(team=OuterRef("pk"), user=user)
    return list(
        Team.objects.order_by()
        .annotate(is_member=Exists(member))
        .values_list("pk", "private", "is_member")
    )


def _shared_organisation(user: User) -> int | None:
    if user.is_organisation_manager or (user.organisation and user.organisation.shares_tickets):
        return user.organisation_id
    return None
