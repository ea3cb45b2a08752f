"""Who may see, share and change what the desk keeps: views of the queue, saved replies."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.models import TeamMember
from apps.accounts.permissions import Permission
from apps.desk.models import SavedReply, SavedView
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


def can_write_replies(actor: Actor, scope: str, team_id: int | None) -> bool:
    """Agents keep their own replies, leads their team's, administrators everybody's."""
    if actor.can(Permission.MANAGE_DESK):
        return True
    match scope:
        case SavedReply.Scope.PERSONAL:
            return actor.can(Permission.WORK_TICKETS)
        case SavedReply.Scope.TEAM:
            return team_id is not None and leads(actor, team_id)
        case _:
            return False


def can_change_reply(actor: Actor, reply: SavedReply) -> bool:
    """Nobody but its owner touches a personal one."""
    if reply.scope == SavedReply.Scope.PERSONAL:
        return actor.id is not None and reply.owner_id == actor.id
    return can_write_replies(actor, reply.scope, reply.team_id)


def can_use_reply(actor: Actor, reply: SavedReply) -> bool:
    """The same answer as SavedReplyQuerySet.visible_to for one row; a test proves it."""
    if reply.scope == SavedReply.Scope.TEAM:
        return reply.team_id in actor.team_ids
    return reply.scope == SavedReply.Scope.GLOBAL or reply.owner_id == actor.id


def leads(actor: Actor, team_id: int) -> bool:
    """Whoever is marked as the team's lead, and its members in the role of a team lead."""
    if team_id not in actor.team_ids:
        return False
    if actor.can(Permission.OVERRIDE_PRIORITIES):
        return True
    return TeamMember.objects.filter(team=team_id, user=actor.id, is_lead=True).exists()
