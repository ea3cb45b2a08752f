"""One contract for every store; and that no batching, duplicate or order changes the figures."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.events.envelope import Envelope
from apps.events.stream import Record
from apps.events.stream.coding import encode
from apps.insights import reducing
from apps.insights.consumer import consume
from apps.insights.figures import Figures, FiguresAwayError, Place, dynamodb, figures
from apps.insights.models import MinuteFigures
from tests.events.streams import fact
from tests.insights.stores import new_store, new_table, store
from tests.refusing import gate
from tests.support import NOON, transactional

__all__ = ["store"]
LATER = NOON + timedelta(minutes=1)


class TestEveryStore:
    def test_adds_each_fact_once(self, store: Figures) -> None:
        store.add(NOON, {1: {"raised": 1}, 2: {"raised": 1, "raised team 3": 1}})
        store.add(NOON, {2: {"raised": 1, "raised team 3": 1}, 3: {"score": 5}})
        store.add(NOON, {3: {"score": 5}})

        found = store.between(NOON, LATER)

        assert found == {NOON: {"raised": 2, "raised team 3": 1, "score": 5}}

    def test_gives_the_minutes_that_are_asked_for(self, store: Figures) -> None:
        for number in (-61, -1, 0, 59, 60, 61):
            store.add(NOON + timedelta(minutes=number), {number + 100: {"raised": 1}})

        found = store.between(NOON, NOON + timedelta(minutes=61))

        minutes = sorted((minute - NOON) // timedelta(minutes=1) for minute in found)
        assert minutes == [0, 59, 60]

    def test_takes_many_facts_of_one_minute(self, store: Figures) -> None:
        many = {pk: {"raised": 1, f"raised team {pk % 30}": 1} for pk in range(500)}

        store.add(NOON, many)
        store.add(NOON, {**many, 1000: {"raised": 1}})

        assert store.between(NOON, LATER)[NOON]["raised"] == 501

    def test_a_shard_is_one_readers_until_its_lease_is_over(self, store: Figures) -> None:
        soon = NOON + timedelta(seconds=60)
        first = store.take("a shard", owner="me", now=NOON, until=soon)
        other = store.take("a shard", owner="you", now=NOON, until=soon)
        assert store.keep("a shard", Place("12"), owner="me")
        mine = store.take("a shard", owner="me", now=NOON, until=soon)
        yours = store.take("a shard", owner="you", now=soon, until=LATER)

        assert (first, other, mine, yours) == (Place(), None, Place("12"), Place("12"))
        assert not store.keep("a shard", Place("11"), owner="me")

    def test_everybody_sees_that_a_shard_has_ended(self, store: Figures) -> None:
        store.take("a shard", owner="me", now=NOON, until=LATER)
        store.keep("a shard", Place("12", ended=True), owner="me")

        assert store.take("a shard", owner="you", now=NOON, until=LATER) == Place("12", ended=True)


@transactional
@pytest.mark.parametrize("kind", ["database", "dynamodb"])
def test_many_at_once_add_each_fact_once(kind: str, request: pytest.FixtureRequest) -> None:
    if kind == "dynamodb":
        request.getfixturevalue("aws")
    store = new_store(kind)
    together = threading.Barrier(4)

    def work(own: int) -> None:
        """Each time what all the others add as well, and one fact of its own."""
        try:
            for turn in range(10):
                together.wait()
                store.add(NOON, {turn: {"raised": 1}, own + turn: {"raised": 1}})
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[own]) for own in (100, 200, 300, 400)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.between(NOON, LATER) == {NOON: {"raised": 50}}


FACTS: dict[str, dict[str, Any]] = {
    "ticket.raised": {"team_id": 3, "category_id": None},
    "ticket.reopened": {"by_reply": True},
    "rating.given": {"score": 4, "is_change": False, "team_id": 3},
    "ticket.status_changed": {"category_to": "resolved", "category_from": "open"},
    "ticket.updated": {"changed": []},
    "article.deflected": {"article_id": 1},
    "message.added": {
        "visibility": "public",
        "direction": "out",
        "is_automatic": False,
        "is_first_reply": True,
    },
}


def counted_plainly(events: Sequence[Envelope]) -> dict[datetime, dict[str, int]]:
    """The figures as a reader of the facts would count them with a pencil."""
    found: dict[datetime, Counter[str]] = defaultdict(Counter)
    for event in events:
        minute = found[event.occurred_at.replace(second=0)]
        match event.name:
            case "ticket.raised":
                names = ["raised", "raised team 3"]
            case "ticket.reopened":
                names = ["reopened"]
            case "rating.given":
                names = ["rated", "rated team 3", *["score", "score team 3"] * 4]
            case "ticket.status_changed":
                names = ["solved"]
            case "article.deflected":
                names = ["deflected"]
            case "message.added":
                names = ["replied", "first_replied"]
            case _:
                names = []
        for name in names:
            minute[name] += 1
    return {minute: dict(counts) for minute, counts in found.items() if counts}


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Envelope], list[list[Envelope]]]:
    """Facts, and batches in which each of them comes at least once, in any order."""
    kinds = draw(st.lists(st.sampled_from(sorted(FACTS)), min_size=1, max_size=30))
    events = []
    for pk, name in enumerate(kinds, start=1):
        made = fact(pk, f"ticket:{draw(st.integers(1, 4))}", name, **FACTS[name])
        later = timedelta(seconds=draw(st.integers(0, 200)))
        values = {key: getattr(made, key) for key in made.__slots__}
        events.append(Envelope(**{**values, "occurred_at": NOON + later}))
    again = draw(st.lists(st.sampled_from(events), max_size=15))
    order = draw(st.permutations([*events, *again]))
    batches: list[list[Envelope]] = []
    rest = list(order)
    while rest:
        size = draw(st.integers(1, 12))
        batches.append(rest[:size])
        rest = rest[size:]
    return events, batches


@pytest.mark.parametrize("kind", ["database", "dynamodb"])
@pytest.mark.django_db
def test_no_batching_duplicate_or_order_changes_the_figures(
    kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "dynamodb":
        request.getfixturevalue("aws")

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(given=deliveries())
    def holds(given: tuple[list[Envelope], list[list[Envelope]]]) -> None:
        events, batches = given
        MinuteFigures.objects.all().delete()
        with figures.override(new_store(kind)) as store:
            for batch in batches:
                consume([Record(event.subject, encode(event)) for event in batch])
            found = store.between(NOON, NOON + timedelta(minutes=5))

        assert found == counted_plainly(events)

    holds()


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("ticket.status_changed", {"category_to": "closed", "category_from": "resolved"}, {}),
        ("ticket.status_changed", {"category_to": "resolved", "category_from": "resolved"}, {}),
        ("message.added", {**FACTS["message.added"], "direction": "in"}, {"answered": 1}),
        ("message.added", {**FACTS["message.added"], "visibility": "internal"}, {}),
        ("message.added", {**FACTS["message.added"], "is_automatic": True}, {}),
        (
            "message.added",  # as it was before it said so
            {"visibility": "public", "direction": "out", "is_automatic": False},
            {"replied": 1},
        ),
        ("rating.given", {"score": 4, "is_change": True, "team_id": 3}, {}),
        (
            "ticket.raised",
            {"team_id": None, "category_id": 8},
            {"raised": 1, "raised category 8": 1},
        ),
        ("bell.rung", {}, {}),
    ],
)
def test_what_a_fact_counts(name: str, data: dict[str, Any], expected: dict[str, int]) -> None:
    assert reducing.counts_of(fact(1, name=name, **data)) == expected


@pytest.mark.parametrize("url", ["dynamodb:", "dynamodb:///x"])
def test_a_url_without_a_table_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="use dynamodb://<table>"):
        figures.build(url)


@pytest.mark.usefixtures("aws")
class TestDynamo:
    def test_a_refusal_is_being_away(
        self, aws: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = figures.build(new_table())
        with gate(aws["AWS_ENDPOINT_URL"]) as between:
            between.stand_before("dynamodb", monkeypatch)
            between.refused = dict.fromkeys(
                ("UpdateItem", "Query"), "ProvisionedThroughputExceededException"
            )

            with pytest.raises(FiguresAwayError, match="refused by the test"):
                store.add(NOON, {1: {"raised": 1}})
            with pytest.raises(FiguresAwayError):
                store.between(NOON, LATER)

    def test_a_new_fact_is_one_write_and_a_duplicate_one_refused(
        self, aws: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = figures.build(new_table())
        with gate(aws["AWS_ENDPOINT_URL"]) as between:
            between.stand_before("dynamodb", monkeypatch)
            ids = range(0, 8 * dynamodb.BUCKETS, dynamodb.BUCKETS)

            store.add(NOON, {pk: {"raised": 1} for pk in ids})
            new = between.asked.copy()
            store.add(NOON, {pk: {"raised": 1} for pk in ids})

        assert new == {"UpdateItem": 1}
        assert between.asked == {"UpdateItem": 2}

    def test_what_is_kept_says_when_it_may_go(self, aws: dict[str, str]) -> None:
        url = new_table()
        figures.build(url).add(NOON, {1: {"raised": 1}})

        (item,) = boto3.client("dynamodb").scan(TableName=url.removeprefix("dynamodb://"))["Items"]
        assert int(item["expires_at"]["N"]) > LATER.timestamp()
