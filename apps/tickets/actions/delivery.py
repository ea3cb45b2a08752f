from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.events import journal
from apps.kernel.actors import Actor
from apps.tickets import events
from apps.tickets.models import Message, Ticket

_FACTS = {
    Message.Delivery.SENT: events.MessageSent,
    Message.Delivery.FAILED: events.MessageRejected,
    Message.Delivery.BOUNCED: events.MessageBounced,
}

_NONE, _QUEUED = Message.Delivery.NONE, Message.Delivery.QUEUED
_BEFORE: dict[Message.Delivery, set[str]] = {
    _QUEUED: {_NONE},
    Message.Delivery.SENT: {_NONE, _QUEUED},
    Message.Delivery.FAILED: {_NONE, _QUEUED, Message.Delivery.SENT},
    Message.Delivery.BOUNCED: {_NONE, _QUEUED, Message.Delivery.SENT},
}
_TROUBLED = {Message.Delivery.FAILED, Message.Delivery.BOUNCED}


@transaction.atomic
def mark_delivery(
    *,
    message_id: int,
    delivery: Message.Delivery,
    actor: Actor,
    now: datetime,
    is_mended: bool = False,
) -> None:
    """Say whether a message could be mailed.

    It has one state for all who get it: sent to one is sent, and what failed or came back for one
    stays so for staff to see, until `is_mended` says that nothing of it is in trouble any more.
    """
    found = Message.objects.filter(pk=message_id).first()
    if found is None:
        return
    # The ticket's lock gives its facts their order.
    Ticket.objects.select_for_update().get(pk=found.ticket_id)
    message = Message.objects.get(pk=message_id)
    before = _BEFORE[delivery] | (_TROUBLED if is_mended else set())
    if message.delivery not in before:
        return
    message.delivery = delivery
    message.save(update_fields=["delivery"])
    fact = _FACTS.get(delivery)
    if fact is not None:
        subject = events.subject_of(message.ticket_id)
        journal.record(fact(subject=subject, message_id=message.pk), actor=actor, now=now)


@transaction.atomic
def note_delivered(*, message_id: int, actor: Actor, now: datetime) -> None:
    """Record that a mail of a message arrived; the caller says so once for each mail."""
    found = Message.objects.filter(pk=message_id).first()
    if found is None:
        return
    Ticket.objects.select_for_update().get(pk=found.ticket_id)
    subject = events.subject_of(found.ticket_id)
    fact = events.MessageDelivered(subject=subject, message_id=message_id)
    journal.record(fact, actor=actor, now=now)
