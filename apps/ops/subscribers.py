from __future__ import annotations

from django.utils import timezone

from apps.events.envelope import Envelope
from apps.events.registry import subscriber
from apps.ops.doctor import actions
from apps.ops.doctor.events import DeskExamined, token_in


@subscriber(DeskExamined)
def answer_probe(event: Envelope) -> None:
    """A fact went all the way."""
    actions.answer(token=token_in(event.subject), now=timezone.now())
