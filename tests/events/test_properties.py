"""Whatever the order of recording, claiming, dying and delivering: once, and in turn."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as DjangoTestCase
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.events import journal, relay
from apps.events.envelope import Envelope
from apps.events.models import Delivery, Event
from apps.events.relay import Claim
from apps.kernel.actors import SYSTEM
from apps.tickets.models import Tag
from tests.events.facts import Rung, heard_by
from tests.support import NOON


def left(event: Envelope) -> None:
    Tag.objects.create(name=f"left {event.subject} {event.data['times']}")


def right(event: Envelope) -> None:
    Tag.objects.create(name=f"right {event.subject} {event.data['times']}")


class Relays(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        Delivery.objects.all().delete()
        Event.objects.all().delete()
        Tag.objects.all().delete()
        self.now = NOON
        self.rung: dict[str, int] = defaultdict(int)
        self.held: list[Claim] = []
        self.hearing = heard_by(left, right)
        self.hearing.__enter__()

    def teardown(self) -> None:
        while Delivery.objects.pending().exists():
            self.now += relay.LEASE
            for claim in relay.claim_due(now=self.now):
                relay.deliver(claim)
        self.what_happened_is_in_turn()
        done = sum(self.rung.values()) * 2
        assert Tag.objects.count() == done
        self.hearing.__exit__(None, None, None)

    @rule(subject=st.sampled_from(["bell:1", "bell:2"]))
    def record(self, subject: str) -> None:
        self.rung[subject] += 1
        fact = Rung(subject=subject, times=self.rung[subject])
        with transaction.atomic():
            journal.record(fact, actor=SYSTEM, now=self.now)

    @rule(limit=st.integers(1, 4))
    def claim(self, limit: int) -> None:
        self.held += relay.claim_due(now=self.now, limit=limit)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(self.held) - 1))
        relay.deliver(self.held.pop(place))

    @precondition(lambda self: self.held)
    @rule()
    def die(self) -> None:
        self.held.clear()

    @rule(seconds=st.sampled_from([1, 30, 61]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @invariant()
    def what_happened_is_in_turn(self) -> None:
        seen: dict[str, list[int]] = defaultdict(list)
        for name in Tag.objects.order_by("id").values_list("name", flat=True):
            who, subject, times = name.split()
            seen[f"{who} {subject}"].append(int(times))
        for order in seen.values():
            assert order == list(range(1, len(order) + 1))


class TestRelays(DjangoTestCase):
    def test_effects_happen_once_and_in_turn(self) -> None:
        run_state_machine_as_test(
            Relays,
            settings=settings(
                max_examples=25,
                stateful_step_count=25,
                suppress_health_check=list(HealthCheck),
            ),
        )
