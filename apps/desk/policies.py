"""Who may see, share and change the views of the queue."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.models import TeamMember
from apps.accounts.permissions import Permission
from apps.desk.models import SavedView
from apps.kernel.actors import Actor


def views_of(actor: Actor) -> QuerySet[SavedView]:
    """The views that an actor may use: their own, and what is shared with them. One query."""
    if not actor.can(Permission.WORK_TICKETS):
        return SavedView.objects.none()
    through = SavedView.teams.through.objects.filter(
        savedview=OuterRef("pk"), team__in=actor.team_ids
    )
    return SavedView.objects.filter(
        Q(owner=actor.id)
        | Q(sharing=SavedView.Sharing.EVERYBODY)
        | Q(Exists(through), sharing=SavedView.Sharing.TEAMS)
    )


def can_change(actor: Actor, view: SavedView) -> bool:
    """The owner, and administrators for what is shared."""
    if not actor.can(Permission.WORK_TICKETS):
        return False
    is_shared = view.sharing != SavedView.Sharing.NOBODY
    return view.owner_id == actor.id or (is_shared and actor.can(Permission.MANAGE_DESK))


def can_share_with_everybody(actor: Actor) -> bool:
    return actor.can(Permission.MANAGE_DESK)


def can_share_with(actor: Actor, team_ids: Collection[int]) -> bool:
    """Leads share with the teams that they lead, administrators with any."""
    if actor.can(Permission.MANAGE_DESK):
        return True
    return bool(team_ids) and set(team_ids) <= set(teams_led_by(actor))


def teams_led_by(actor: Actor) -> list[int]:
    led = TeamMember.objects.filter(user=actor.id, is_lead=True)
    return list(led.values_list("team_id", flat=True))
