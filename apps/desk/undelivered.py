"""Why a message could not be mailed to those who should have got it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from apps.notifications.carrying import told
from apps.notifications.models import OutgoingMail
from apps.tickets.models import Message

_TROUBLED = {Message.Delivery.FAILED, Message.Delivery.BOUNCED}


def of(messages: Iterable[Message]) -> dict[int, str]:
    """By message: each address and why. Asks only if some message is in trouble."""
    troubled = [message.pk for message in messages if message.delivery in _TROUBLED]
    if not troubled:
        return {}
    found: dict[int, list[str]] = defaultdict(list)
    for mail in OutgoingMail.objects.filter(message__in=troubled).troubled().order_by("pk"):
        found[mail.message_id or 0].append(f"{mail.to}: {told(mail.error)}")
    return {pk: "\n".join(lines) for pk, lines in found.items()}
