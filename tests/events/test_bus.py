"""One contract for every bus: each due fact reaches its subscriber, in turn, and happens once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from apps.events import journal, relay
from apps.events.bus import Bus, bus
from apps.events.envelope import Envelope
from apps.events.models import Delivery
from apps.kernel.actors import SYSTEM
from apps.tickets.models import Tag
from tests.events.facts import Rung, heard_by
from tests.support import transactional
from tests.worker_tier import Tier

Carry = Callable[[], int]


def ring(subject: str = "bell:1", times: int = 1) -> Envelope:
    with transaction.atomic():
        return journal.record(Rung(subject=subject, times=times), actor=SYSTEM, now=timezone.now())


def note(event: Envelope) -> None:
    Tag.objects.create(name=f"{Tag.objects.count()} {event.subject} {event.data['times']}")


def fail(event: Envelope) -> None:
    note(event)
    raise ValueError("no")


def effects() -> list[str]:
    names = Tag.objects.order_by("id").values_list("name", flat=True)
    return [name.partition(" ")[2] for name in names]


@pytest.fixture(params=["database", "sns"])
def carry(request: pytest.FixtureRequest) -> Carry:
    """One round of the relay, and what the way behind it does."""
    if request.param == "database":
        embedded: Bus = bus.build("database:")
        return lambda: embedded.carry_due(now=timezone.now())
    tier: Tier = request.getfixturevalue("tier")

    def through_the_queue() -> int:
        carried = tier.bus.carry_due(now=timezone.now())
        assert set(tier.post()) <= {200}
        return carried

    return through_the_queue


@transactional
class TestEveryBus:
    def test_carries_what_is_due_and_nothing_twice(self, carry: Carry) -> None:
        with heard_by(note):
            ring("bell:1"), ring("bell:2")

            assert carry() >= 2
            assert carry() == 0

        assert sorted(effects()) == ["bell:1 1", "bell:2 1"]
        assert not Delivery.objects.pending().exists()

    def test_keeps_the_order_of_a_subject(self, carry: Carry) -> None:
        with heard_by(note):
            for times in range(1, 6):
                ring(times=times)

            while carry():
                pass

        assert effects() == [f"bell:1 {times}" for times in range(1, 6)]

    def test_counts_a_failure_and_tries_again_later(self, carry: Carry) -> None:
        with heard_by(fail):
            ring()

            carry()
            assert carry() == 0

        delivery = Delivery.objects.pending().get()
        assert (delivery.failures, delivery.claims, effects()) == (1, 1, [])
        assert delivery.due_at > timezone.now()

    def test_leaves_what_is_not_due(self, carry: Carry) -> None:
        with heard_by(note):
            ring()
            Delivery.objects.update(due_at=timezone.now() + timedelta(hours=1))

            assert carry() == 0

    def test_takes_a_batch_at_most(self, carry: Carry) -> None:
        with heard_by(note):
            for number in range(relay.BATCH + 5):
                ring(f"bell:{number}")

            assert carry() <= relay.BATCH
            while carry():
                pass

        assert len(effects()) == relay.BATCH + 5


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("kafka://x", "database:, sns:"),
        ("sns://tendril-facts", "write sns:// and the topic's ARN"),
        ("sns://arn:aws:sqs:eu-central-1:123456789012:x", "topic's ARN"),
        ("sns://arn:aws:sns:eu-central-1:123456789012:x/y", "topic's ARN"),
    ],
)
def test_a_bad_url_is_refused(url: str, told: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=told):
        bus.build(url)
