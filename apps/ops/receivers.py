from __future__ import annotations

from django.utils import timezone

from apps.events.inbox import Message, MessageRefusedError, receives
from apps.ops.alarms import actions
from apps.ops.alarms.reading import NOTICES, UnreadableError, read


@receives(*NOTICES)
def take_alarm(message: Message) -> None:
    """The worker tier's queue hears the topic of alarms: infra/observability.yaml."""
    try:
        told = read(message)
    except UnreadableError as error:
        raise MessageRefusedError(str(error)) from error
    actions.take(told, now=timezone.now())
