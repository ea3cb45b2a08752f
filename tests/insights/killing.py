"""A reader of the stream that is killed between every two steps: everything is counted once.

Run by test_killing with a database of its own: python -m tests.insights.killing. It prints how many
deaths it took, as JSON.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import datetime
from urllib.parse import urlsplit

import django

django.setup()

from django.conf import settings  # noqa: E402 - after the set-up
from django.utils import timezone  # noqa: E402

from apps.events.stream import Record  # noqa: E402
from apps.events.stream.coding import encode  # noqa: E402
from apps.events.stream.lines import LinesStream  # noqa: E402
from apps.insights import consumer  # noqa: E402
from apps.insights.consumer import Consumer  # noqa: E402
from apps.insights.models import MinuteFigures, ShardPlace  # noqa: E402
from tests.events.killing import survives  # noqa: E402
from tests.events.streams import fact  # noqa: E402

_STEPS = ("/insights/consumer.py", "/insights/figures/database.py")
FACTS = 7


def read_on(later: int = 0) -> None:
    """As a relay that comes when the leases of the ones before are over."""
    reader = Consumer(clock=lambda: timezone.now() + later * 2 * consumer.LEASE)
    while not reader.round():
        pass


def counted() -> int:
    return sum(row.counts.get("reopened", 0) for row in MinuteFigures.objects.all())


def put(moment: datetime) -> None:
    stream = LinesStream(urlsplit(settings.STREAM_URL))
    for pk in range(FACTS):
        made = fact(pk, f"ticket:{pk % 3}", "ticket.reopened", by_reply=True)
        event = dataclasses.replace(made, occurred_at=moment)
        stream.put([Record(event.subject, encode(event))])


def deaths() -> int:
    put(timezone.now())
    for step in range(1, 10_000):
        MinuteFigures.objects.all().delete()
        ShardPlace.objects.all().delete()
        ended = survives(read_on, until=step, of=_STEPS)
        left = counted()
        assert left in {0, FACTS}, (step, left)
        read_on(later=1)
        assert counted() == FACTS, (step, counted())
        if ended:
            return step - 1
    raise AssertionError("it never ended")


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"reading": deaths()}) + "\n")
