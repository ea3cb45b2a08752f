"""From the stream to the figures: restarts, deaths, new shards, services that refuse."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from django.db import transaction
from django.utils import timezone

from apps.events import journal, registry
from apps.events.stream import Batch, Record, Shard, Stream, StreamAwayError, stream
from apps.events.stream.coding import encode
from apps.events.stream.sending import Sender, send_due
from apps.insights import consumer, reducing
from apps.insights.consumer import Consumer
from apps.insights.figures import FiguresAwayError, Place, database, figures
from apps.insights.models import ShardPlace
from apps.kernel.actors import SYSTEM
from apps.tickets.events import TicketReopened
from tests.events.streams import build, fact, new_kinesis, stream_url
from tests.insights.stores import new_store, new_table
from tests.refusing import gate
from tests.support import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """NOON is not of the last days."""
    monkeypatch.setattr(database, "KEEP", timedelta(days=3650))


def put(source: Stream, *ids: int) -> None:
    """A reopening each."""
    for pk in ids:
        event = fact(pk, f"ticket:{pk % 5}", "ticket.reopened", by_reply=True)
        source.put([Record(event.subject, encode(event))])


def counted() -> int:
    found = figures.get().between(NOON, NOON + timedelta(minutes=1))
    return reducing.total(found.values()).get("reopened", 0)


def caught_up(reader: Consumer, rounds: int = 20) -> None:
    for _ in range(rounds):
        if reader.round() > 0:
            return
    raise AssertionError("it never caught up")


@pytest.fixture(params=["embedded", "aws"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stream]:
    if request.param == "aws":
        request.getfixturevalue("aws")
    kinds = ("kinesis", "dynamodb") if request.param == "aws" else ("lines", "database")
    made = build(stream_url(kinds[0], tmp_path))
    with stream.override(made), figures.override(new_store(kinds[1])):
        yield made


class TestReading:
    def test_counts_what_is_there_and_what_comes_later(self, source: Stream) -> None:
        reader = Consumer()
        put(source, 1, 2, 3)
        caught_up(reader)
        first = counted()
        put(source, 4)
        caught_up(reader)

        assert (first, counted()) == (3, 4)

    def test_goes_on_where_the_one_before_stopped(
        self, source: Stream, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(source, 1, 2, 3)
        caught_up(Consumer())
        put(source, 4)
        read: list[Record] = []
        monkeypatch.setattr(consumer, "consume", read.extend)

        caught_up(_heir())

        assert len(read) == 1

    def test_one_that_dies_before_it_wrote_its_place_down_counts_nothing_twice(
        self, source: Stream, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(source, 1, 2, 3)
        with monkeypatch.context() as deadly:
            deadly.setattr(type(figures.get()), "keep", _die)
            with pytest.raises(KeyboardInterrupt):
                Consumer().round()
        died_with = counted()

        caught_up(_heir())

        assert (died_with > 0, counted()) == (True, 3)

    def test_a_second_reader_leaves_the_first_its_shards(self, source: Stream) -> None:
        put(source, 1, 2)
        caught_up(Consumer())
        put(source, 3)

        caught_up(Consumer())

        assert counted() == 2

    def test_a_reader_that_lost_its_shard_leaves_it(self, source: Stream) -> None:
        first = Consumer()
        caught_up(first)
        caught_up(_heir())
        put(source, 1)

        caught_up(first)

        assert counted() == 1  # counted, and its place not written over the other's
        assert not any(held.place != Place() for held in first._held.values())


def _heir() -> Consumer:
    """One that comes when every lease is over."""
    return Consumer(clock=lambda: timezone.now() + 2 * consumer.LEASE)


def _die(*_: object, **__: object) -> bool:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("aws")
class TestOnAws:
    def test_new_shards_are_read_when_those_before_them_have_ended(self) -> None:
        """A split and a merge, as Kinesis tells of them; the local AWS loses the parents."""
        shards = Resharding()
        with stream.override(shards), figures.override(new_store("database")):
            reader = Consumer()
            caught_up(reader)

        assert shards.order == ["old", "old", "old", "right", "left", "merged"]

    def test_a_split_stream_goes_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        url = new_kinesis()
        made = build(url)
        monkeypatch.setattr(consumer, "LIST_EVERY", timedelta())
        with stream.override(made), figures.override(new_store("dynamodb")):
            reader = Consumer()
            put(made, 1, 2)
            caught_up(reader)
            boto3.client("kinesis").split_shard(
                StreamName=url.removeprefix("kinesis://"),
                ShardToSplit=made.shards()[0].id,
                NewStartingHashKey=str(2**127),
            )
            put(made, 3, 4, 5, 6)
            caught_up(reader)

            assert counted() == 6

    @pytest.mark.parametrize(
        ("service", "action"),
        [("kinesis", "GetRecords"), ("dynamodb", "UpdateItem"), ("kinesis", "ListShards")],
    )
    def test_figures_catch_up_after_a_service_refused(
        self,
        service: str,
        action: str,
        aws: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        url, table = new_kinesis(2), new_table()
        put(build(url), *range(1, 8))
        reader = Consumer()
        with (
            gate(aws["AWS_ENDPOINT_URL"]) as between,
            stream.override(build(url)),
            figures.override(figures.build(table)),
            caplog.at_level(logging.INFO, "apps.insights"),
        ):
            between.stand_before(service, monkeypatch)
            between.refused = {action: "ProvisionedThroughputExceededException"}
            pauses = [reader.round() for _ in range(2)]
            between.refused = {}
            caught_up(reader)

            assert counted() == 7
        assert pauses == [1.0, 2.0]
        told = [record.getMessage() for record in caplog.records]
        assert told == ["figures wait for what is away", "figures go on"]

    def test_a_fact_goes_all_the_way(self) -> None:
        with (
            registry.only(registry.STREAM),
            stream.override(build(new_kinesis(2))),
            figures.override(figures.build(new_table())),
        ):
            _reopen()
            assert Sender().round() == 0
            caught_up(Consumer())

            assert counted() == 1


class Resharding:
    """A stream of one shard that is split in two, which are merged: each ends, then the next."""

    def __init__(self) -> None:
        parents = {"old": (), "left": ("old",), "right": ("old",), "merged": ("left", "right")}
        self._shards = [Shard(name, of) for name, of in reversed(parents.items())]
        self.left = {"old": 3, "left": 1, "right": 1, "merged": 1}
        self.order: list[str] = []

    def shards(self) -> list[Shard]:
        return self._shards

    def put(self, records: object) -> frozenset[int]:
        raise StreamAwayError

    def read(self, shard: str, *, after: str | None, limit: int = 1) -> Batch:
        self.order.append(shard)
        self.left[shard] -= 1
        left = self.left[shard]
        return Batch((), str(left), behind=left > 0, ended=left == 0)

    def tip(self, shard: str) -> str:
        return str(self.left[shard])


def _reopen() -> None:
    with transaction.atomic():
        journal.record(TicketReopened(subject="ticket:1", by_reply=True), actor=SYSTEM, now=NOON)


def test_another_streams_places_are_others(tmp_path: Path, settings: object) -> None:
    for name in ("one", "two"):
        url = settings.STREAM_URL = f"lines:{tmp_path}/{name}"  # type: ignore[attr-defined]
        with stream.override(build(url)) as made:
            put(made, 1 if name == "one" else 2)
            caught_up(Consumer())

    assert counted() == 2
    assert ShardPlace.objects.count() == 2


def test_old_figures_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "KEEP", timedelta(days=8))
    store = new_store("database")
    for day in (1, 7, 9):
        store.add(NOON - timedelta(days=day), {day: {"raised": 1}})

    store.take("a shard", owner="me", now=NOON, until=NOON)

    assert len(store.between(NOON - timedelta(days=10), NOON)) == 2


def test_figures_that_are_away_stop_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def take(self, *_: object, **__: object) -> None:
            raise FiguresAwayError

    with registry.only(registry.STREAM), figures.override(Away()):  # type: ignore[arg-type]
        _reopen()
        waits = Consumer().round()
        sent = send_due(now=timezone.now())

    assert (waits, sent.facts) == (consumer.IDLE, 1)
