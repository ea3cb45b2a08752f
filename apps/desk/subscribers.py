from __future__ import annotations

from django.utils import timezone

from apps.desk.events import MessageMentioned, ReplyHeld
from apps.events.envelope import Envelope
from apps.events.registry import subscriber
from apps.notifications import actions as notifications
from apps.notifications.audience import Notice
from apps.notifications.kinds import Kind
from apps.tickets import events
from apps.tickets.models import Ticket

MENTIONED = "you were mentioned"
HELD = "you wrote the reply"


@subscriber(MessageMentioned)
def tell_the_mentioned(event: Envelope) -> None:
    fact = MessageMentioned.read(event)
    told = [pk for pk in fact.user_ids if pk != event.actor_id]
    _tell(event, [Notice(Kind.MENTIONED, MENTIONED, pk) for pk in told], fact.message_id)


@subscriber(ReplyHeld)
def tell_the_writer(event: Envelope) -> None:
    """They may have closed the page and believe that the customer has been answered."""
    fact = ReplyHeld.read(event)
    _tell(event, [Notice(Kind.HELD, HELD, fact.author_id)], None)


def _tell(event: Envelope, notices: list[Notice], message_id: int | None) -> None:
    ticket = Ticket.objects.filter(pk=events.id_in(event.subject)).first()
    if ticket is not None:
        notifications.notify(
            ticket=ticket,
            event_id=event.id,
            notices=notices,
            message_id=message_id,
            now=timezone.now(),
        )
