"""The queue's page and the dashboard: what they show, and what they cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.desk import actions as desk
from apps.kernel import caching
from apps.tickets import actions
from apps.tickets.models import Ticket
from tests.cast import Cast, client_of
from tests.support import NOON
from tests.tickets.desk import LATER, raised

pytestmark = pytest.mark.django_db
QUEUE = "/admin/tickets/ticket/"


@pytest.fixture(autouse=True)
def patient_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted for some seconds is counted for the test, however slow the machine."""
    monkeypatch.setattr(caching, "BOARD", replace(caching.BOARD, seconds=3600))


# Session, user, permissions, organisation and teams: what any page of the desk asks first.
SIGN_IN = 5


def asked(client: Client, path: str, *, cold: bool = False) -> list[str]:
    client.get(path)
    if cold:
        cache.clear()
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in caught.captured_queries]


def many(cast: Cast, count: int) -> None:
    first = raised(cast, tags=["vip"])
    row: dict[str, Any] = dict(Ticket.objects.filter(pk=first.pk).values().get())
    for name in ("id", "ref", "submission"):
        del row[name]
    Ticket.objects.bulk_create(
        [Ticket(**row | {"subject": f"number {n}"}) for n in range(count - 1)]
    )
    desk.recount()


@pytest.mark.parametrize(
    "query", ["view=active", "view=unassigned", "status=open&status=resolved", "order=priority"]
)
def test_the_queue_costs_the_same_for_many(cast: Cast, query: str) -> None:
    client = client_of(cast.alice)
    many(cast, 10)
    few = asked(client, f"{QUEUE}?{query}")

    many(cast, 500)

    cost = asked(client, f"{QUEUE}?{query}")
    assert len(cost) == len(few) <= SIGN_IN + 6
    assert not any("COUNT(" in sql or "OFFSET" in sql for sql in cost)
    assert len(asked(client, f"{QUEUE}?{query}", cold=True)) <= len(few) + 8


def test_the_dashboard_costs_the_same_for_many(cast: Cast) -> None:
    client = client_of(cast.lena)
    many(cast, 10)
    few = asked(client, "/admin/")

    many(cast, 500)

    cost = asked(client, "/admin/")
    assert len(cost) == len(few) <= SIGN_IN + 9
    assert not any("COUNT(" in sql for sql in cost)


def test_rows_escape_what_people_write(cast: Cast) -> None:
    raised(cast, subject="<script>alert(1)</script> {pk} %s")

    page = client_of(cast.alice).get(f"{QUEUE}?view=active").content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt; {pk} %s" in page
    assert "<script>alert" not in page


def test_a_name_that_is_typed_becomes_a_link_that_holds_an_id(cast: Cast) -> None:
    raised(cast, subject="rachels")
    raised(cast, cast.oscar, subject="oscars")
    client = client_of(cast.alice)

    answer = client.get(QUEUE, {"filter": "1", "requester_email": "Oscar@Example.com"}, follow=True)
    absent = client.get(QUEUE, {"organisation_name": "Nobody Ltd"}, follow=True)

    assert f"requester={cast.oscar.pk}" in answer.redirect_chain[0][0]
    assert "oscars" in answer.content.decode()
    assert "rachels" not in answer.content.decode()
    assert "No ticket is like this" in absent.content.decode()


@pytest.mark.parametrize(
    "query",
    ["after=x", "before=1~2", "order=nonsense", "view=v999", "status=", "team=mine&due=bad",
     "category=9&category=none", "base=mine&tag=vip", "priority=1&order=due", "q=card",
     "filter=1"],
)  # fmt: skip
def test_any_address_gives_a_page(cast: Cast, query: str) -> None:
    raised(cast)

    assert client_of(cast.alice).get(f"{QUEUE}?{query}").status_code == 200


class TestThePulse:
    def test_tells_news_and_counts(self, cast: Cast) -> None:
        raised(cast)
        desk.recount()
        since = (NOON - timedelta(minutes=1)).isoformat()

        said = client_of(cast.alice).get(f"{QUEUE}pulse/", {"since": since}).json()

        assert said["news"] == 1
        assert said["counts"]["active"] == said["counts"]["unassigned"] == 1
        assert "due" not in said["counts"]

    def test_says_304_while_nothing_changes(self, cast: Cast) -> None:
        client = client_of(cast.alice)
        first = client.get(f"{QUEUE}pulse/")

        again = client.get(f"{QUEUE}pulse/", headers={"If-None-Match": first["ETag"]})

        assert again.status_code == 304

    def test_counts_are_as_old_as_some_seconds_at_most(self, cast: Cast) -> None:
        client = client_of(cast.alice)
        client.get(QUEUE)
        raised(cast)
        desk.recount()

        cache.clear()  # as after those seconds

        assert client.get(f"{QUEUE}pulse/").json()["counts"]["active"] == 1


class TestTheDashboard:
    def boxes(self, cast: Cast, client: Client) -> dict[str, list[str]]:
        page = client.get("/admin/")
        return {box.key: [line.subject for line in box.lines] for box in page.context["boxes"]}

    def test_shows_what_needs_me_now(self, cast: Cast) -> None:
        alice = cast.actor(cast.alice)
        for n in range(8):
            mine = raised(cast, subject=f"mine {n}")
            actions.take(ticket=mine, actor=alice, now=LATER)
            Ticket.objects.filter(pk=mine.pk).update(waiting_since=NOON - timedelta(hours=n))
        answered = raised(cast, subject="answered")
        actions.take(ticket=answered, actor=alice, now=LATER)
        actions.reply(ticket=answered, text="a", actor=alice, now=LATER)
        raised(cast, subject="cards", team=cast.cards)
        raised(cast, subject="payments", team=cast.payments)
        Ticket.objects.filter(pk=answered.pk).update(next_due_at=timezone.now())

        found = self.boxes(cast, client_of(cast.alice))

        assert found == {
            "waiting": [f"mine {n}" for n in range(7, 1, -1)],
            "new": ["cards"],
            "mentions": [],
            "due": ["answered"],
            "waking": [],
        }

    def test_a_lead_sees_what_the_team_holds(self, cast: Cast) -> None:
        cast.cards.memberships.filter(user=cast.lena).update(is_lead=True)
        ticket = raised(cast, team=cast.cards)
        actions.take(ticket=ticket, actor=cast.actor(cast.alice), now=LATER)
        desk.recount()

        page = client_of(cast.lena).get("/admin/")

        assert [(one.name, one.count) for one in page.context["load"]] == [
            ("Alice", 1),
            ("Lena", 0),
        ]
        assert client_of(cast.alice).get("/admin/").context["load"] == []

    def test_every_box_leads_to_the_queue(self, cast: Cast) -> None:
        client = client_of(cast.alice)

        for box in client.get("/admin/").context["boxes"]:
            assert box.key == "mentions" or client.get(box.link).status_code == 200
