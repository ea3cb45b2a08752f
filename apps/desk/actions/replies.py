from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Team, User
from apps.desk import policies, variables
from apps.desk.errors import SavedReplyRefusedError
from apps.desk.events import ReplySaved
from apps.desk.models import Draft, SavedReply
from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError, NotFoundError
from apps.notifications.compose import ticket_url
from apps.tickets.actions import rows
from apps.tickets.models import Ticket
from apps.tickets.policies import can_work

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
        raise SavedReplyRefusedError(_("Choose the team that it is for."))
    title, body = " ".join(title.split()), body.strip()
    if not title or not body:
        raise SavedReplyRefusedError(_("Give it a title and a text."))
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


@transaction.atomic
def use_reply(
    *, reply: SavedReply, ticket: Ticket, kind: str, actor: Actor, now: datetime
) -> Draft:
    """Put a saved reply, filled in for the ticket, at the end of what the actor writes there."""
    if not (policies.can_use_reply(actor, reply) and can_work(actor, ticket)):
        raise ForbiddenError
    writer = rows.person(actor)
    row = (
        Draft.objects.select_for_update()
        .resting()
        .filter(ticket=ticket, author=writer, kind=kind)
        .first()
    ) or Draft(ticket=ticket, author=writer, kind=Draft.Kind(kind), version=0)
    filled = variables.fill(reply.body, values_for(ticket, writer))
    row.text = f"{row.text}\n\n{filled}".strip()
    row.used = [*row.used, reply.pk]
    row.version, row.updated_at = row.version + 1, now
    row.save()
    return row


def values_for(ticket: Ticket, agent: User) -> dict[str, str]:
    """What the variables of a saved reply mean on one ticket."""
    requester = ticket.requester
    return {
        "requester.first_name": requester.get_short_name() if requester.name else "",
        "requester.name": requester.name,
        "requester.email": requester.email,
        "organisation.name": str(ticket.organisation or ""),
        "ticket.number": f"#{ticket.pk}",
        "ticket.subject": ticket.subject,
        "ticket.status": gettext(ticket.status.customer_label),
        "ticket.category": str(ticket.category or ""),
        "ticket.url": ticket_url(ticket, is_staff=False),
        "team.name": str(ticket.team or ""),
        "agent.name": agent.get_full_name(),
        "agent.first_name": agent.get_short_name(),
        "desk.name": settings.DESK_NAME,
    }


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
