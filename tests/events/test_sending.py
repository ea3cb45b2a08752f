"""What the journal has goes to the stream: all of it, in order per subject, whatever it refuses."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as DjangoTestCase

from apps.events import journal, registry, relay
from apps.events.envelope import Envelope
from apps.events.models import Delivery, Event
from apps.events.stream import Batch, Record, Shard, Stream, StreamAwayError, sending, stream
from apps.events.stream.coding import facts_in
from apps.events.stream.sending import Sender, claim, send_due
from apps.kernel.actors import SYSTEM
from tests.events.facts import Rung
from tests.events.streams import build, everything, new_kinesis
from tests.refusing import gate
from tests.support import transactional


def ring(subject: str = "bell:1", times: int = 1) -> Envelope:
    with transaction.atomic():
        return journal.record(Rung(subject=subject, times=times), actor=SYSTEM, now=timezone.now())


def now() -> datetime:
    return timezone.now()


class Kept:
    """A stream that keeps what it takes, and refuses what it is told to."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.calls: list[list[str]] = []
        self.refusing: set[str] = set()
        self.away = False

    def put(self, records: Sequence[Record]) -> frozenset[int]:
        if self.away:
            raise StreamAwayError("away")
        self.calls.append([record.subject for record in records])
        refused = {n for n, record in enumerate(records) if record.subject in self.refusing}
        for n, record in enumerate(records):
            if n not in refused:
                self.taken += facts_in(record)
        return frozenset(refused)

    def shards(self) -> list[Shard]:
        return []

    def read(self, shard: str, *, after: str | None, limit: int = 1) -> Batch:
        raise NotImplementedError

    def tip(self, shard: str) -> str:
        raise NotImplementedError


@pytest.fixture
def kept() -> Iterator[Kept]:
    with registry.only(registry.STREAM), stream.override(Kept()) as used:
        yield used  # type: ignore[misc]


@pytest.mark.django_db
class TestSending:
    def test_gives_every_fact_once_in_one_record_a_subject(self, kept: Kept) -> None:
        events = [ring(f"bell:{n % 2}", n) for n in range(6)]

        assert send_due(now=now()).facts == 6
        assert send_due(now=now()).facts == 0

        assert sorted(kept.taken, key=lambda event: event.id) == events
        assert kept.calls == [["bell:0", "bell:1"]]
        assert not Delivery.objects.pending().exists()

    def test_nothing_of_a_subject_overtakes_what_was_refused(self, kept: Kept) -> None:
        ring("bell:1", 1)
        ring("bell:2", 1)
        kept.refusing = {"bell:1"}
        send_due(now=now())
        ring("bell:1", 2)
        kept.refusing = set()

        send_due(now=now())
        early = [event.data["times"] for event in kept.taken if event.subject == "bell:1"]
        send_due(now=now() + sending.AGAIN)

        assert early == []
        assert [event.subject for event in kept.taken] == ["bell:2", "bell:1", "bell:1"]
        assert [event.data["times"] for event in kept.taken] == [1, 1, 2]

    def test_facts_wait_for_a_stream_that_is_away_however_long(
        self, kept: Kept, caplog: pytest.LogCaptureFixture
    ) -> None:
        ring()
        kept.away = True
        sender = Sender()

        with caplog.at_level(logging.INFO):
            for _ in range(relay.MAX_CLAIMS + 1):
                Delivery.objects.update(due_at=now())
                sender.round()
            kept.away = False
            Delivery.objects.update(due_at=now())
            sender.round()

        assert len(kept.taken) == 1
        told = [record.getMessage() for record in caplog.records]
        assert told == ["the stream is away: facts wait", "the stream takes facts again"]

    def test_subscribers_do_not_wait_for_it(self, kept: Kept) -> None:
        kept.away = True
        with registry.only():
            heard: list[int] = []
            registry._hearers_of_all.append(registry.STREAM)
            registry.subscriber(Rung)(lambda event: heard.append(event.id))
            event = ring()
            claims = relay.claim_due(now=now())  # none of the stream's, which is due as well
            with pytest.raises(StreamAwayError):
                send_due(now=now())
            for one in claims:
                relay.deliver(one)

        assert len(claims) == 1
        assert heard == [event.id]
        assert Delivery.objects.pending().count() == 1

    def test_what_was_taken_by_a_relay_that_died_is_sent_when_its_lease_is_over(
        self, kept: Kept
    ) -> None:
        first = ring("bell:1", 1)
        assert claim(now=now())  # and dies
        second = ring("bell:1", 2)

        send_due(now=now())
        before = list(kept.taken)
        send_due(now=now() + sending.LEASE)

        assert before == []
        assert kept.taken == [first, second]

    def test_more_than_a_record_holds_goes_later(
        self, kept: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sending, "MAX_RECORD_BYTES", 800)
        events = [ring("bell:1", n) for n in range(5)]

        rounds = [send_due(now=now()).facts for _ in range(4)]

        assert kept.taken == events
        assert rounds[0] < 5

    def test_a_fact_that_no_record_holds_is_shown_to_staff(
        self, kept: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sending, "MAX_RECORD_BYTES", 10)
        ring()

        send_due(now=now())

        assert "10 bytes" in Delivery.objects.parked().get().error
        assert kept.taken == []


@transactional
def test_two_relays_at_once_send_everything_once_and_in_order(kept: Kept) -> None:
    events = [ring(f"bell:{n % 3}", n) for n in range(30)]

    def work() -> None:
        try:
            while Delivery.objects.pending().exists():
                send_due(now=now(), limit=7)
        finally:
            connection.close()

    relays = [threading.Thread(target=work) for _ in range(3)]
    for one in relays:
        one.start()
    for one in relays:
        one.join()

    assert sorted(event.id for event in kept.taken) == [event.id for event in events]
    assert in_order(kept.taken)


def in_order(taken: Sequence[Envelope]) -> bool:
    """Whether each subject's facts came first in their order, however often they came again."""
    seen: dict[str, list[int]] = defaultdict(list)
    for event in taken:
        if event.id not in seen[event.subject]:
            seen[event.subject].append(event.id)
    return all(ids == sorted(ids) for ids in seen.values())


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ring"), st.sampled_from(["bell:1", "bell:2", "bell:3"])),
        st.tuples(st.just("send"), st.frozensets(st.sampled_from(["bell:1", "bell:2"]))),
        st.tuples(st.just("away"), st.none()),
        st.tuples(st.just("die"), st.none()),
        st.tuples(st.just("wait"), st.sampled_from([1, 121])),
    ),
    max_size=25,
)


class TestWhateverHappens(DjangoTestCase):
    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS, limit=st.integers(1, 5))
    def test_everything_arrives_and_in_order(
        self, steps: list[tuple[str, object]], limit: int
    ) -> None:
        Delivery.objects.all().delete()
        Event.objects.all().delete()
        kept, passed = Kept(), timedelta()
        with registry.only(registry.STREAM), stream.override(kept):
            for what, value in steps:
                kept.away = what == "away"
                kept.refusing = set(value) if what == "send" else set()  # type: ignore[call-overload]
                if what == "ring":
                    ring(str(value))
                elif what == "die":
                    claim(now=now() + passed, limit=limit)
                elif what == "wait":
                    passed += timedelta(seconds=int(str(value)))
                else:
                    _tried(now() + passed, limit)
            kept.away, kept.refusing = False, set()
            while Delivery.objects.pending().exists():
                passed += sending.LEASE
                send_due(now=now() + passed, limit=limit)

        assert {event.id for event in kept.taken} == set(Event.objects.values_list("pk", flat=True))
        assert in_order(kept.taken)


def _tried(moment: datetime, limit: int) -> None:
    with suppress(StreamAwayError):
        send_due(now=moment, limit=limit)


@pytest.mark.django_db
def test_kinesis_refusing_some_gets_them_again(
    aws: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Stream = build(new_kinesis(2))
    with (
        registry.only(registry.STREAM),
        stream.override(made),
        gate(aws["AWS_ENDPOINT_URL"]) as between,
    ):
        between.stand_before("kinesis", monkeypatch)
        events = [ring(f"bell:{n % 4}", n) for n in range(12)]
        between.taken = lambda one: one["PartitionKey"] not in {"bell:1", "bell:3"}
        sent = send_due(now=now())
        events.append(ring("bell:1", 99))
        between.taken = lambda _one: True
        send_due(now=now() + timedelta(seconds=2))
        found = everything(made)

    assert (sent.facts, sent.refused) == (6, 6)
    assert sorted(event.id for event in found) == [event.id for event in events]
    assert in_order(found)


@pytest.mark.django_db
def test_a_folder_gets_what_the_relay_sends(tmp_path: Path) -> None:
    with registry.only(registry.STREAM), stream.override(build(f"lines:{tmp_path}/s")) as made:
        event = ring()
        assert Sender().round() == 0

        assert everything(made) == [event]
