"""Who may do what with the desk's own rows."""

from __future__ import annotations

from apps.accounts.models import TeamMember
from apps.accounts.permissions import Permission
from apps.desk.models import SavedReply
from apps.kernel.actors import Actor

Scope = SavedReply.Scope


def can_write_replies(actor: Actor, scope: str, team_id: int | None) -> bool:
    """Agents keep their own replies, leads their team's, administrators everybody's."""
    if actor.can(Permission.MANAGE_DESK):
        return True
    match scope:
        case Scope.PERSONAL:
            return actor.can(Permission.WORK_TICKETS)
        case Scope.TEAM:
            return team_id is not None and leads(actor, team_id)
        case _:
            return False


def can_change_reply(actor: Actor, reply: SavedReply) -> bool:
    """Nobody but its owner touches a personal one."""
    if reply.scope == Scope.PERSONAL:
        return actor.id is not None and reply.owner_id == actor.id
    return can_write_replies(actor, reply.scope, reply.team_id)


def can_use_reply(actor: Actor, reply: SavedReply) -> bool:
    """The same answer as SavedReplyQuerySet.visible_to for one row; a test proves it."""
    if reply.scope == Scope.TEAM:
        return reply.team_id in actor.team_ids
    return reply.scope == Scope.GLOBAL or reply.owner_id == actor.id


def leads(actor: Actor, team_id: int) -> bool:
    """Whoever is marked as the team's lead, and its members in the role of a team lead."""
    if team_id not in actor.team_ids:
        return False
    if actor.can(Permission.OVERRIDE_PRIORITIES):
        return True
    return TeamMember.objects.filter(team=team_id, user=actor.id, is_lead=True).exists()
