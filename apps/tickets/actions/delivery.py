from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.events import journal
from apps.kernel.actors import Actor
from apps.tickets import events
from apps.tickets.models import Message

_FACTS = {
    Message.Delivery.SENT: events.MessageSent,
    Message.Delivery.FAILED: events.MessageRejected,
}


@transaction.atomic
def mark_delivery(
    *, message_id: int, delivery: Message.Delivery, actor: Actor, now: datetime
) -> None:
    """Say whether a message could be mailed. What failed once stays failed for staff to see."""
    message = Message.objects.select_for_update().filter(pk=message_id).first()
    if message is None or message.delivery in {delivery, Message.Delivery.FAILED}:
        return
    message.delivery = delivery
    message.save(update_fields=["delivery"])
    fact = _FACTS.get(delivery)
    if fact is not None:
        subject = events.subject_of(message.ticket_id)
        journal.record(fact(subject=subject, message_id=message.pk), actor=actor, now=now)
