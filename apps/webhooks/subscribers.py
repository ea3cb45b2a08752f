from __future__ import annotations

from django.utils import timezone

from apps.events.envelope import Envelope
from apps.events.registry import hears_everything
from apps.webhooks import actions
from apps.webhooks.reference import is_wanted


@hears_everything(wanted=is_wanted)
def queue(event: Envelope) -> None:
    """Note the fact for each endpoint that hears of it."""
    actions.queue(event=event, now=timezone.now())
