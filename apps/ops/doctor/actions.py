"""A probe's mark: sent out with a job or a fact, and answered by whoever took it."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from apps.events import journal
from apps.kernel.actors import SYSTEM
from apps.ops.doctor import events
from apps.ops.models import Probe


def send_out(*, now: datetime) -> str:
    """A new mark's token."""
    return Probe.objects.create(token=uuid.uuid4().hex, sent_at=now).token


@transaction.atomic
def tell(*, now: datetime) -> str:
    """A mark whose token is in a fact."""
    token = send_out(now=now)
    fact = events.DeskExamined(subject=events.subject_of(token))
    journal.record(fact, actor=SYSTEM, now=now)
    return token


def answer(*, token: str, now: datetime) -> None:
    """It arrived. One that nobody waits for any more leaves no trace."""
    Probe.objects.filter(token=token, answered_at=None).update(answered_at=now)


def take_back(*, tokens: Collection[str]) -> None:
    Probe.objects.filter(token__in=tokens).delete()
