from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError
from apps.tickets import events, policies
from apps.tickets.actions import rows
from apps.tickets.errors import WatcherRefusedError
from apps.tickets.models import Participant, Ticket

validate_length = MaxLengthValidator(254)  # RFC 5321's longest, and what the column holds


@transaction.atomic
def watch(
    *,
    ticket: Ticket,
    actor: Actor,
    now: datetime,
    user: User | None = None,
    address: str = "",
    can_reply: bool = True,
) -> Participant:
    """Let a user, or an address without an account, follow a ticket; twice changes nothing.

    Staff add anybody; a requester adds colleagues of the same organisation; whoever may see a
    ticket may follow it. Following lets a customer see it.
    """
    ticket = rows.lock(ticket, actor=actor, may=policies.can_view)
    address = address.strip().lower()
    source = _source(ticket, user, address, actor)
    participant, created = Participant.objects.get_or_create(
        ticket=ticket,
        user=user,
        address=address,
        defaults={
            "can_reply": can_reply,
            "source": source,
            "added_by_id": actor.id,
            "added_at": now,
        },
    )
    if created:
        rows.save(ticket, now=now)
        added = (user.pk,) if user else ()
        fact = events.TicketUpdated(
            subject=events.subject_of(ticket.pk), changed=("watchers",), watchers_added=added
        )
        journal.record(fact, actor=actor, now=now)
    return participant


def _source(ticket: Ticket, user: User | None, address: str, actor: Actor) -> Participant.Source:
    """How this watcher comes in. Raises ForbiddenError, WatcherRefusedError."""
    if (user is None) == (not address):
        raise WatcherRefusedError(_("Name a person or an address, one of the two."))
    if user is not None and not user.is_active:
        raise WatcherRefusedError
    if user is not None and user.pk == actor.id:
        return Participant.Source.SELF
    if not policies.can_watch(actor, ticket):
        raise ForbiddenError
    if policies.can_work(actor, ticket):
        _check_address(address)
        return Participant.Source.AGENT
    if user is None or user.organisation_id is None:
        raise WatcherRefusedError
    if user.organisation_id != ticket.organisation_id:
        raise WatcherRefusedError
    return Participant.Source.REQUESTER


def _check_address(address: str) -> None:
    if not address:
        return
    try:
        validate_email(address)
        validate_length(address)
    except ValidationError:
        raise WatcherRefusedError(
            _("“%(address)s” is not an e-mail address.") % {"address": address}
        ) from None


@transaction.atomic
def unwatch(
    *,
    ticket: Ticket,
    actor: Actor,
    now: datetime,
    user: User | None = None,
    address: str = "",
) -> None:
    """Take a watcher away. Everybody may stop by themselves; customers take no staff away."""
    is_self = user is not None and user.pk == actor.id
    may = policies.can_view if is_self else policies.can_watch
    ticket = rows.lock(ticket, actor=actor, may=may)
    if user is not None and user.is_staff and not (is_self or policies.can_work(actor, ticket)):
        raise ForbiddenError
    address = address.strip().lower()
    gone, _ = Participant.objects.filter(ticket=ticket, user=user, address=address).delete()
    if not gone:
        return
    rows.save(ticket, now=now)
    removed = (user.pk,) if user else ()
    fact = events.TicketUpdated(
        subject=events.subject_of(ticket.pk), changed=("watchers",), watchers_removed=removed
    )
    journal.record(fact, actor=actor, now=now)
