from __future__ import annotations

from django.utils import timezone

from apps.events.inbox import Message, MessageRefusedError, receives
from apps.notifications import actions
from apps.notifications.feedback import NOTICES, UnreadableError


@receives(*NOTICES)
def take_feedback(message: Message) -> None:
    """What became of a mail."""
    try:
        actions.handle_feedback(message, now=timezone.now())
    except UnreadableError as error:
        raise MessageRefusedError(str(error)) from error
