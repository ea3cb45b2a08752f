from __future__ import annotations

import threading
import uuid
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.events import journal, relay
from apps.events.envelope import Cause, Envelope, caused_by
from apps.events.models import Delivery, Event
from apps.kernel.actors import SYSTEM
from apps.tickets.models import Tag
from tests.events.facts import Rung, heard_by, key_of
from tests.support import NOON, transactional


def ring(subject: str = "bell:1", times: int = 1, *, now: datetime = NOON) -> Envelope:
    with transaction.atomic():
        return journal.record(Rung(subject=subject, times=times), actor=SYSTEM, now=now)


def note(event: Envelope) -> None:
    """An effect that shows when it happens twice."""
    Tag.objects.create(name=f"{event.id} {uuid.uuid4().hex[:12]}")


def also_note(event: Envelope) -> None:
    note(event)


def fail(event: Envelope) -> None:
    note(event)
    raise ValueError(f"no {event.subject}")


def effects() -> list[int]:
    return sorted(int(name.split()[0]) for name in Tag.objects.values_list("name", flat=True))


@transactional
def test_a_fact_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        journal.record(Rung(subject="bell:1", times=1), actor=SYSTEM, now=NOON)


@pytest.mark.django_db
class TestRecording:
    def test_goes_with_its_transaction(self) -> None:
        with heard_by(note), transaction.atomic():
            journal.record(Rung(subject="bell:1", times=1), actor=SYSTEM, now=NOON)
            transaction.set_rollback(True)

        assert not Event.objects.exists()
        assert not Delivery.objects.exists()

    def test_makes_one_delivery_per_subscriber(self) -> None:
        with heard_by(note, also_note):
            ring()

        subscribers = sorted(Delivery.objects.values_list("subscriber", flat=True))
        assert subscribers == sorted([key_of(note), key_of(also_note)])

    def test_keeps_what_caused_it(self) -> None:
        correlation = uuid.uuid4()

        with caused_by(Cause(event_id=7, correlation_id=correlation, depth=2)):
            event = ring()

        assert (event.causation_id, event.correlation_id, event.depth) == (7, correlation, 2)


@pytest.mark.django_db
class TestDelivering:
    def test_happens_once(self) -> None:
        with heard_by(note):
            event = ring()
            for claim in relay.claim_due(now=NOON):
                assert relay.deliver(claim)

            assert effects() == [event.id]
            assert relay.claim_due(now=NOON + timedelta(days=1)) == []

    def test_facts_of_a_subscriber_carry_their_cause(self) -> None:
        def echo(event: Envelope) -> None:
            if event.depth == 0:
                journal.record(Rung(subject="bell:2", times=9), actor=SYSTEM, now=NOON)

        with heard_by(echo):
            first = ring()
            for claim in relay.claim_due(now=NOON):
                relay.deliver(claim)

        second = Event.objects.get(subject="bell:2")
        assert (second.causation_id, second.correlation_id, second.depth) == (
            first.id,
            first.correlation_id,
            1,
        )

    def test_keeps_the_order_of_a_subject_and_not_of_others(self) -> None:
        with heard_by(note):
            first, second, other = ring("bell:1"), ring("bell:1"), ring("bell:2")

            claimed = [claim.event.id for claim in relay.claim_due(now=NOON)]

            assert claimed == [first.id, other.id]
            assert second.id not in claimed

    def test_a_failure_undoes_what_was_written_and_backs_off(self) -> None:
        with heard_by(fail):
            ring()
            (claim,) = relay.claim_due(now=NOON)

            assert not relay.deliver(claim)

        delivery = Delivery.objects.get()
        assert effects() == []
        assert delivery.failures == 1
        assert delivery.due_at > timezone.now()
        assert "ValueError: no bell:1" in delivery.error

    def test_gives_up_after_many_failures_and_lets_later_ones_pass(self) -> None:
        with heard_by(fail):
            first, second = ring(), ring()
            moment = NOON
            for _ in range(relay.MAX_FAILURES):
                Delivery.objects.filter(event_id=first.id).update(due_at=NOON)
                (claim,) = relay.claim_due(now=moment)
                relay.deliver(claim)

            parked = Delivery.objects.get(event_id=first.id)
            assert parked.parked_at is not None
            assert [c.event.id for c in relay.claim_due(now=NOON)] == [second.id]

    def test_staff_try_again_what_was_given_up(self) -> None:
        with heard_by(note):
            ring()
            Delivery.objects.update(parked_at=NOON, failures=16, claims=3)

            assert relay.claim_due(now=NOON) == []
            assert relay.retry(delivery_ids=[Delivery.objects.get().pk], now=NOON) == 1
            (claim,) = relay.claim_due(now=NOON)
            assert relay.deliver(claim)

    def test_one_that_kills_its_process_is_given_up(self) -> None:
        with heard_by(note):
            ring()
            Delivery.objects.update(claims=relay.MAX_CLAIMS)

            assert relay.park_the_deadly(now=NOON) == 1
            assert relay.claim_due(now=NOON) == []

    def test_a_claim_whose_lease_ran_out_does_nothing(self) -> None:
        with heard_by(note):
            event = ring()
            (old,) = relay.claim_due(now=NOON)
            (new,) = relay.claim_due(now=NOON + relay.LEASE)

            assert not relay.deliver(old)
            assert effects() == []
            assert relay.deliver(new)
            assert effects() == [event.id]

    def test_a_subscriber_of_another_release_waits(self) -> None:
        with heard_by(note):
            ring()
            Delivery.objects.update(subscriber="apps.later.subscribers.new")
            (claim,) = relay.claim_due(now=NOON)

            assert not relay.deliver(claim)

        assert "no subscriber" in Delivery.objects.get().error

    def test_what_is_done_is_forgotten_and_the_event_stays(self) -> None:
        with heard_by(note):
            ring()
            (claim,) = relay.claim_due(now=NOON)
            relay.deliver(claim)

        assert relay.prune(before=timezone.now() - timedelta(days=1)) == 0
        assert relay.prune(before=timezone.now() + timedelta(days=1)) == 1
        assert Event.objects.count() == 1


@transactional
def test_two_relays_at_once_do_everything_once() -> None:
    def work() -> None:
        try:
            while claims := relay.claim_due(now=NOON, limit=3):
                for claim in claims:
                    relay.deliver(claim)
        finally:
            connection.close()

    with heard_by(note):
        events = [ring(f"bell:{n % 4}") for n in range(12)]
        for _ in range(12):  # what one relay holds back for order, a later look finds
            relays = [threading.Thread(target=work) for _ in range(2)]
            for thread in relays:
                thread.start()
            for thread in relays:
                thread.join()

    assert effects() == sorted(event.id for event in events)
