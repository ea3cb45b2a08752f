"""Who may do what to a ticket. Pages, admin, API and mail all ask here."""

from __future__ import annotations

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.kernel.actors import Actor
from apps.tickets.models import Message, Participant, Ticket


def can_raise_for(actor: Actor, requester: User) -> bool:
    """Customers raise tickets for themselves, staff for anybody who is still there."""
    if not requester.is_active:
        return False
    return actor.id == requester.pk or actor.can(Permission.WORK_TICKETS)


def can_view(actor: Actor, ticket: Ticket) -> bool:
    """The same answer as TicketQuerySet.visible_to for one row; a test proves it."""
    if actor.is_system:
        return True
    if not actor.is_known:
        return False
    if actor.can(Permission.WORK_TICKETS) and (
        ticket.team_id not in actor.hidden_team_ids or ticket.assignee_id == actor.id
    ):
        return True
    if ticket.requester_id == actor.id or _takes_part(actor, ticket):
        return True
    return (
        not actor.can(Permission.WORK_TICKETS)
        and ticket.organisation_id is not None
        and ticket.organisation_id == actor.shared_organisation_id
    )


def works_on_tickets(actor: Actor) -> bool:
    """Staff of the desk; which tickets they work on is can_work's to say."""
    return actor.can(Permission.WORK_TICKETS)


def can_work(actor: Actor, ticket: Ticket) -> bool:
    """Assign, note, change status and the like."""
    if not actor.can(Permission.WORK_TICKETS):
        return False
    hidden = ticket.team_id in actor.hidden_team_ids
    return actor.is_system or not hidden or ticket.assignee_id == actor.id


def can_reply(actor: Actor, ticket: Ticket) -> bool:
    """Staff who may work on it, its requester, and watchers who were let; readers only read."""
    return can_work(actor, ticket) or is_customer_side(actor, ticket)


def is_customer_side(actor: Actor, ticket: Ticket) -> bool:
    """Whether the actor speaks as the customer: the requester, a colleague, a watcher."""
    if speaks_as_customer(actor, ticket, takes_part=False):
        return True
    if not speaks_as_customer(actor, ticket, takes_part=True):
        return False
    return Participant.objects.filter(ticket=ticket, user=actor.id, can_reply=True).exists()


def speaks_as_customer(actor: Actor, ticket: Ticket, *, takes_part: bool) -> bool:
    """The same, for whoever knows whether the actor is a watcher who may reply. Pure."""
    if actor.id is None or not actor.is_known:
        return False
    if ticket.requester_id == actor.id:
        return True
    if actor.can(Permission.WORK_TICKETS):
        return False
    return takes_part or (
        ticket.organisation_id is not None
        and ticket.organisation_id == actor.shared_organisation_id
    )


def can_settle(actor: Actor, ticket: Ticket) -> bool:
    """Say that it is solved, or that it isn't: whoever asked, their manager, and staff."""
    return can_work(actor, ticket) or is_customer_side(actor, ticket)


def can_rate(actor: Actor, ticket: Ticket) -> bool:
    """Whoever asked, and nobody in their place."""
    return actor.id is not None and actor.is_known and ticket.requester_id == actor.id


def can_override_priority(actor: Actor, ticket: Ticket) -> bool:
    return can_work(actor, ticket) and actor.can(Permission.OVERRIDE_PRIORITIES)


def can_declare_major_incident(actor: Actor, ticket: Ticket) -> bool:
    return can_work(actor, ticket) and actor.can(Permission.DECLARE_MAJOR_INCIDENTS)


def can_redact(actor: Actor, ticket: Ticket) -> bool:
    return can_work(actor, ticket) and actor.can(Permission.REDACT_MESSAGES)


def can_watch(actor: Actor, ticket: Ticket) -> bool:
    """Bring others in: staff and the requester. Following it oneself asks for can_view only."""
    return can_work(actor, ticket) or ticket.requester_id == actor.id


def can_read(actor: Actor, message: Message) -> bool:
    return can_view(actor, message.ticket) and (
        message.visibility == Message.Visibility.PUBLIC or can_work(actor, message.ticket)
    )


def _takes_part(actor: Actor, ticket: Ticket) -> bool:
    return Participant.objects.filter(ticket=ticket, user=actor.id).exists()
