"""The list of requests: whose, which, in which order, and page by page."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from apps.kernel.actors import SYSTEM
from apps.tickets import actions
from apps.tickets.models import Ticket
from tests.cast import Cast, client_of
from tests.portal.pages import asked, indexed
from tests.support import NOON
from tests.tickets.desk import raised, standing

pytestmark = pytest.mark.django_db


def shown(client: Client, query: str = "") -> list[str]:
    entries = client.get(f"/requests/{query}").context["page"].entries
    return [strip_tags(entry.subject) for entry in entries]


def walk(client: Client, query: str, way: str) -> list[list[int]]:
    """The numbers on each page from here, following its links one way."""
    pages = []
    while True:
        page = client.get(f"/requests/{query}").context["page"]
        pages.append([entry.number for entry in page.entries])
        query = getattr(page, way)
        if not query:
            return pages


@pytest.mark.parametrize("sort", ["", "&sort=oldest"])
def test_pages_go_both_ways_and_miss_nothing(cast: Cast, sort: str) -> None:
    random.seed(3)
    tickets = [raised(cast, subject=f"number {n}") for n in range(60)]
    for ticket in tickets:  # many at the same moment, as after an import
        moment = NOON + timedelta(minutes=random.randint(0, 5))
        Ticket.objects.filter(pk=ticket.pk).update(updated_at=moment)
    client = client_of(cast.rachel)
    order = ("updated_at", "pk") if sort else ("-updated_at", "-pk")
    expected = list(Ticket.objects.order_by(*order).values_list("pk", flat=True))

    forth = walk(client, f"?state=all{sort}", "older")
    last = client.get("/requests/?state=all" + sort).context["page"]
    while last.older:
        last = client.get(f"/requests/{last.older}").context["page"]
    back = walk(client, last.newer, "newer")

    assert [len(page) for page in forth] == [25, 25, 10]
    assert [pk for page in forth for pk in page] == expected
    assert back == [forth[1], forth[0]]


@pytest.mark.parametrize(
    "query",
    [
        "?after=rubbish",
        "?before=~",
        "?after=2026-05-04T12:00:00~5",
        "?after=2026-99-99T12:00:00%2B00:00~1",
        "?topic=x",
        "?topic=" + "9" * 40,
        "?state=odd&sort=odd&whose=odd&person=odd",
        "?q=zebra&after=odd",
        "?q=status:odd",
    ],
)
def test_odd_questions_get_the_first_page(cast: Cast, query: str) -> None:
    raised(cast)

    assert client_of(cast.rachel).get(f"/requests/{query}").status_code == 200


class TestFilters:
    def test_by_where_it_stands(self, cast: Cast) -> None:
        for category in ("new", "pending", "resolved", "closed", "cancelled"):
            standing(cast, category, subject=category)
        client = client_of(cast.rachel)

        assert set(shown(client)) == {"new", "pending"}
        assert set(shown(client, "?state=waiting")) == {"pending"}
        assert set(shown(client, "?state=solved")) == {"resolved", "closed", "cancelled"}
        assert len(shown(client, "?state=all")) == 5

    def test_by_topic_and_by_words(self, cast: Cast) -> None:
        raised(cast, subject="a lost card", category=cast.lost_card)
        raised(cast, subject="a refund")
        indexed()
        client = client_of(cast.rachel)

        assert shown(client, f"?topic={cast.lost_card.pk}") == ["a lost card"]
        assert len(client.get("/requests/?q=refund").context["page"].entries) == 1

    def test_a_search_stays_in_the_list(self, cast: Cast) -> None:
        raised(cast, subject="refund of mine", category=cast.lost_card)
        standing(cast, "resolved", subject="refund solved")
        raised(cast, by=cast.ross, subject="refund of ross")
        watched = raised(cast, by=cast.oscar, subject="refund watched")
        actions.watch(ticket=watched, user=cast.rachel, actor=SYSTEM, now=NOON)
        raised(cast, by=cast.monica, subject="refund of monica")
        indexed()
        client, boss = client_of(cast.rachel), client_of(cast.monica)

        assert shown(client, "?q=refund") == ["refund of mine"]
        assert shown(client, "?q=refund&state=solved") == ["refund solved"]
        assert shown(client, "?q=refund&whose=followed") == ["refund watched"]
        assert shown(client, f"?q=refund&topic={cast.lost_card.pk}") == ["refund of mine"]
        assert set(shown(boss, "?q=refund&whose=ours")) == {
            *("refund of mine", "refund of ross", "refund of monica"),
        }
        assert shown(boss, f"?q=refund&whose=ours&person={cast.ross.ref}") == ["refund of ross"]

    def test_by_person_for_managers_alone(self, cast: Cast) -> None:
        raised(cast, subject="hers")
        raised(cast, by=cast.ross, subject="his")
        raised(cast, by=cast.oscar, subject="foreign")
        manager, ours = client_of(cast.monica), "?whose=ours"

        assert set(shown(manager, ours)) == {"hers", "his"}
        assert shown(manager, f"{ours}&person={cast.ross.ref}") == ["his"]
        assert shown(manager, f"{ours}&person={cast.oscar.ref}") == []
        assert shown(client_of(cast.ross), ours) == ["his"]

    def test_what_one_follows(self, cast: Cast) -> None:
        ticket = raised(cast, subject="followed")
        actions.watch(ticket=ticket, user=cast.ross, actor=cast.actor(cast.rachel), now=NOON)

        assert shown(client_of(cast.ross), "?whose=followed") == ["followed"]
        assert shown(client_of(cast.rachel), "?whose=followed") == []


@pytest.mark.parametrize(
    ("path", "most"),
    [("/", 5), ("/requests/", 3), ("/requests/?state=all&whose=ours", 4), ("/new/", 3)],
)
def test_costs_the_same_with_ten_rows_and_with_five_hundred(
    cast: Cast, path: str, most: int
) -> None:
    client = client_of(cast.monica)
    one = raised(cast, by=cast.monica)
    asked(client, path)  # what is kept for some seconds is asked for once
    few = len(asked(client, path))

    many: list[Any] = []
    for n in range(500):
        copy = Ticket.objects.get(pk=one.pk)
        copy.pk, copy.ref, copy.submission = None, f"{n:016}", None
        many.append(copy)
    Ticket.objects.bulk_create(many)

    assert len(asked(client, path)) == few <= most
