from __future__ import annotations

from django.utils import timezone

from apps.events.envelope import Envelope
from apps.events.facts import registered
from apps.events.registry import subscriber
from apps.notifications import actions
from apps.notifications.audience import audience
from apps.notifications.situation import situation_of
from apps.tickets import events
from apps.tickets.models import Ticket


@subscriber(
    events.TicketRaised,
    events.MessageAdded,
    events.TicketAssigned,
    events.TicketStatusChanged,
    events.TicketReopened,
    events.TicketMerged,
    events.RatingRequested,
)
def tell(event: Envelope) -> None:
    """Note who is to hear of it. Notes are unique per event and person: twice is once."""
    ticket = Ticket.objects.filter(pk=events.id_in(event.subject)).first()
    if ticket is None:
        return
    fact = registered()[event.name].read(event)
    notices = audience(fact, situation_of(ticket), actor=event.actor_id)
    message_id = fact.message_id if isinstance(fact, events.MessageAdded) else None
    actions.notify(
        ticket=ticket,
        event_id=event.id,
        notices=notices,
        message_id=message_id,
        now=timezone.now(),
    )
