from __future__ import annotations

from django.utils import timezone

from apps.events.envelope import Envelope
from apps.events.facts import registered
from apps.events.registry import subscriber
from apps.notifications import actions
from apps.notifications.audience import audience
from apps.notifications.carrying import carrier
from apps.notifications.events import RecipientCleared
from apps.notifications.events import id_in as recipient_in
from apps.notifications.models import Recipient
from apps.notifications.situation import situation_of
from apps.tickets import events
from apps.tickets.models import Ticket


@subscriber(events.MessageRedacted)
def forget(event: Envelope) -> None:
    """Mails keep no copy of what was blacked out."""
    message_id = events.MessageRedacted.read(event).message_id
    actions.forget_words(message_id=message_id, now=timezone.now())


@subscriber(
    events.TicketRaised,
    events.MessageAdded,
    events.TicketAssigned,
    events.TicketStatusChanged,
    events.TicketReopened,
    events.TicketMerged,
    events.MessageRejected,
    events.MessageBounced,
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


@subscriber(RecipientCleared)
def readmit(event: Envelope) -> None:
    """The carrier keeps a list of its own of those it sends nothing to."""
    known = Recipient.objects.filter(pk=recipient_in(event.subject)).first()
    if known is not None:
        carrier.get().readmit(known.address)
