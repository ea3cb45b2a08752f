from __future__ import annotations

from django.utils import timezone

from apps.events.inbox import Message, MessageRefusedError, receives
from apps.mail import actions
from apps.mail.notices import NOTICES, UnreadableError


@receives(*NOTICES)
def take_notice(message: Message) -> None:
    """A mail came in."""
    try:
        actions.receive_notice(message, now=timezone.now())
    except UnreadableError as error:
        raise MessageRefusedError(str(error)) from error
