"""Who may find what, as conditions on keys: what TicketQuerySet.visible_to says of rows."""

from __future__ import annotations

from apps.accounts.permissions import Permission
from apps.kernel.actors import Actor
from apps.search import keys
from apps.search.expressions import And, Expression, Key, Not, Or, any_key


def is_staff(actor: Actor) -> bool:
    return actor.can(Permission.WORK_TICKETS)


def tickets_for(actor: Actor) -> Expression | None:
    """None for strangers, who find nothing."""
    if actor.is_system:
        return Key(keys.STAFF)
    if not actor.is_known or actor.id is None:
        return None
    if is_staff(actor):
        if not actor.hidden_team_ids:
            return Key(keys.STAFF)
        hidden = any_key(keys.team(pk) for pk in actor.hidden_team_ids)
        worked = And((Key(keys.STAFF), Not(And((hidden, Not(Key(keys.assignee(actor.id))))))))
        # Of a private team's ticket, whoever only asked or watches finds what customers read.
        behind = any_key(keys.behind(pk) for pk in actor.hidden_team_ids)
        own = And((behind, Key(keys.reader(actor.id)), Not(Key(keys.held(actor.id)))))
        return Or((worked, own))
    mine = {keys.reader(actor.id)}
    if actor.shared_organisation_id is not None:
        mine.add(keys.readers_of(actor.shared_organisation_id))
    return any_key(mine)


def articles_for(actor: Actor) -> Expression:
    return Key(keys.STAFF if is_staff(actor) else keys.EVERYBODY)
