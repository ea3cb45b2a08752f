from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F

from apps.accounts.models import Team
from apps.desk import policies, variables
from apps.desk.errors import SavedReplyRefusedError
from apps.desk.events import ReplySaved
from apps.desk.models import SavedReply
from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError, NotFoundError

Scope = SavedReply.Scope


@transaction.atomic
def save_reply(
    *,
    reply: SavedReply | None,
    title: str,
    body: str,
    scope: str,
    actor: Actor,
    now: datetime,
    shortcut: str = "",
    team: Team | None = None,
    archived: bool = False,
) -> SavedReply:
    """Make a saved reply (`reply` is None) or change one.

    Raises UnknownVariableError, SavedReplyRefusedError; ForbiddenError for whom neither the old
    scope nor the new one is theirs.
    """
    row = _lock(reply, actor) if reply is not None else SavedReply(created_at=now)
    team_id = team.pk if team is not None and scope == Scope.TEAM else None
    if not policies.can_write_replies(actor, scope, team_id):
        raise ForbiddenError
    if scope == Scope.TEAM and team_id is None:
        raise SavedReplyRefusedError("Choose the team that it is for.")
    title, body = " ".join(title.split()), body.strip()
    if not title or not body:
        raise SavedReplyRefusedError("Give it a title and a text.")
    row.title, row.body = title, variables.check(body)
    row.shortcut = shortcut.strip().lower()
    row.scope, row.team_id = Scope(scope), team_id
    row.owner_id = (row.owner_id or actor.id) if scope == Scope.PERSONAL else None
    row.archived, row.updated_at = archived, now
    row.save()
    fact = ReplySaved(
        subject=f"reply:{row.pk}",
        title=row.title,
        scope=row.scope,
        team_id=row.team_id,
        archived=row.archived,
    )
    journal.record(fact, actor=actor, now=now)
    return row


def count_uses(*, reply_ids: Iterable[int], actor: Actor) -> None:
    """These went into a reply that was sent. Of no row that the writer can't use."""
    mine = SavedReply.objects.visible_to(actor).filter(pk__in=list(reply_ids))
    mine.update(used_count=F("used_count") + 1)


def _lock(reply: SavedReply, actor: Actor) -> SavedReply:
    fresh = SavedReply.objects.select_for_update().filter(pk=reply.pk).first()
    if fresh is None:
        raise NotFoundError
    if not policies.can_change_reply(actor, fresh):
        raise ForbiddenError
    return fresh


def forget_replies(*, owner_id: int) -> None:
    """Those that were only for somebody who leaves the desk's memory."""
    SavedReply.objects.filter(owner=owner_id).delete()
