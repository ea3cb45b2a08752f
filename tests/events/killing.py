"""A process that kills its children between every two steps, and looks what they left.

Run by test_killing with a database of its own: python -m tests.events.killing. It prints how many
deaths each part took, as JSON, and fails if anything was lost or happened twice.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import FrameType
from typing import Any

import django

django.setup()

from django.db import connections, transaction  # noqa: E402

from apps.events import journal, registry, relay  # noqa: E402
from apps.events.envelope import Envelope  # noqa: E402
from apps.events.models import Delivery, Event  # noqa: E402
from apps.kernel.actors import SYSTEM  # noqa: E402
from apps.tickets.models import Tag  # noqa: E402
from tests.events.facts import Rung, heard_by  # noqa: E402
from tests.support import NOON  # noqa: E402

# A step is a line of these: the journal's own, and Django's that begin and end transactions.
STEPS = ("/apps/events/relay.py", "/apps/events/journal.py", "/django/db/transaction.py")


def effect(event: Envelope) -> None:
    Tag.objects.create(name=f"{event.id} {uuid.uuid4().hex[:12]}")


def die_at(step: int, *, of: tuple[str, ...]) -> None:
    """SIGKILL before the n-th step from now on."""
    left = step

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.endswith(of):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)


def survives(work: Callable[[], None], *, until: int, of: tuple[str, ...] = STEPS) -> bool:
    """Run it in a child that dies before its n-th step; whether it ended before that."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        die_at(until, of=of)
        work()
        sys.settrace(None)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def record() -> None:
    with transaction.atomic():
        Tag.objects.create(name=f"told {uuid.uuid4().hex}")
        journal.record(Rung(subject="bell:1", times=1), actor=SYSTEM, now=NOON)


def relay_once() -> None:
    while claims := relay.claim_due(now=NOON):
        for claim in claims:
            relay.deliver(claim)


def forget() -> None:
    Delivery.objects.all().delete()
    Event.objects.all().delete()
    Tag.objects.all().delete()


def deaths_while_recording() -> int:
    for step in range(1, 10_000):
        forget()
        ended = survives(record, until=step)
        told, facts, deliveries = (model.objects.count() for model in (Tag, Event, Delivery))
        assert told == facts == deliveries, (step, told, facts, deliveries)
        if ended:
            assert told == 1
            return step - 1
    raise AssertionError("it never ended")


def deaths_while_relaying() -> int:
    for step in range(1, 10_000):
        forget()
        for subject in ("bell:1", "bell:2", "bell:1"):
            with transaction.atomic():
                journal.record(Rung(subject=subject, times=1), actor=SYSTEM, now=NOON)
        ended = survives(relay_once, until=step)
        later = NOON + relay.LEASE + timedelta(seconds=1)
        while claims := relay.claim_due(now=later):
            for claim in claims:
                relay.deliver(claim)
        effects = sorted(
            int(name.split()[0]) for name in Tag.objects.values_list("name", flat=True)
        )
        assert effects == sorted(Event.objects.values_list("pk", flat=True)), (step, effects)
        assert not Delivery.objects.filter(done_at=None).exists(), step
        if ended:
            return step - 1
    raise AssertionError("it never ended")


def main() -> None:
    with heard_by(effect):
        assert registry.subscribers_of("bell.rung")
        told = {"recording": deaths_while_recording(), "relaying": deaths_while_relaying()}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
