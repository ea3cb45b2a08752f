"""When an article counts as having spared a request (ADR 24)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.events.models import Event
from apps.kernel.actors import SYSTEM
from apps.knowledge.models import Article
from apps.portal import actions, tasks
from apps.portal.models import Deflection
from apps.tickets import actions as tickets
from apps.tickets.models import Ticket
from tests.cast import Cast, client_of
from tests.knowledge.shelf import out
from tests.portal.pages import form, indexed
from tests.support import NOON

pytestmark = pytest.mark.django_db
VISIT = uuid.UUID(int=7)
NEXT_DAY = NOON + timedelta(days=1)


@pytest.fixture
def article(cast: Cast) -> Article:
    return out(cast, "Lost card")


def opened(cast: Cast, article: Article, **said: Any) -> Deflection:
    said = {"visit": VISIT, "actor": cast.actor(cast.rachel), "now": NOON, **said}
    return actions.note_opening(article_id=article.pk, **said)


def answered(cast: Cast, article: Article, **said: Any) -> Deflection:
    said = {"visit": VISIT, "actor": cast.actor(cast.rachel), "now": NOON, **said}
    return actions.say_answered(article_id=article.pk, **said)


def asks(cast: Cast, at: datetime) -> Ticket:
    return tickets.raise_ticket(
        requester=cast.rachel, subject="S", text="T", actor=cast.actor(cast.rachel), now=at
    )


def counted() -> list[bool]:
    """Each deflection that was recorded: whether its reader said so."""
    rows = Event.objects.filter(name="article.deflected").order_by("id")
    return [row.data["said"] for row in rows]


class TestSayingSo:
    def test_counts_once_a_visit(self, cast: Cast, article: Article) -> None:
        other = out(cast, "Frozen card")
        answered(cast, article)
        answered(cast, article)
        answered(cast, other)

        assert counted() == [True]

    def test_counts_for_the_article_that_did_it(self, cast: Cast, article: Article) -> None:
        other = out(cast, "Frozen card")
        opened(cast, other)
        answered(cast, article)

        outcomes = dict(Deflection.objects.values_list("article_id", "outcome"))
        assert outcomes == {other.pk: "passed", article.pk: "said"}
        spared = dict(Article.objects.values_list("pk", "spared"))
        assert spared == {other.pk: 0, article.pk: 1}

    def test_counts_nothing_once_a_request_was_raised(self, cast: Cast, article: Article) -> None:
        opened(cast, article)
        asks(cast, NOON)

        answered(cast, article, now=NOON + timedelta(minutes=1))

        assert counted() == []


class TestLeaving:
    def test_counts_after_a_day_without_a_request(self, cast: Cast, article: Article) -> None:
        opening = opened(cast, article)

        actions.settle(opening=opening, actor=SYSTEM, now=NEXT_DAY - timedelta(seconds=1))
        early = counted()
        for _ in range(2):
            actions.settle(opening=opening, actor=SYSTEM, now=NEXT_DAY)

        assert (early, counted()) == ([], [False])
        assert Deflection.objects.get().outcome == "left"

    def test_counts_for_what_was_read_last(self, cast: Cast, article: Article) -> None:
        other = out(cast, "Frozen card")
        first = opened(cast, article)
        opened(cast, other, now=NOON + timedelta(minutes=1))

        actions.settle(opening=first, actor=SYSTEM, now=NEXT_DAY + timedelta(minutes=1))

        outcomes = dict(Deflection.objects.values_list("article_id", "outcome"))
        assert outcomes == {article.pk: "passed", other.pk: "left"}

    @pytest.mark.parametrize("after", [timedelta(0), timedelta(hours=23)])
    def test_does_not_count_for_whoever_asks_all_the_same(
        self, cast: Cast, article: Article, after: timedelta
    ) -> None:
        opening = opened(cast, article)
        asks(cast, NOON + after)

        actions.settle(opening=opening, actor=SYSTEM, now=NEXT_DAY)

        assert counted() == []
        assert Deflection.objects.get().outcome == "passed"

    def test_is_settled_by_the_chore(self, cast: Cast, article: Article) -> None:
        opened(cast, article)

        tasks.settle_deflections()
        tasks.settle_deflections()

        assert counted() == [False]


class TestThePages:
    def test_note_what_is_opened_and_end_with_the_button(
        self, cast: Cast, article: Article
    ) -> None:
        client, visit = client_of(cast.rachel), str(uuid.uuid4())

        read = client.post(f"/new/read/{article.slug}/", {"submission": visit})
        end = client.post("/new/answered/", form(submission=visit, answered=article.slug))

        assert "Freeze the card in the app first." in read.content.decode()
        assert end["Location"] == "/"
        assert counted() == [True]
        assert not Ticket.objects.exists()

    def test_offer_answers_without_scripts_and_lose_nothing(
        self, cast: Cast, article: Article
    ) -> None:
        indexed()
        said = form(check="1", subject="I lost my card", text="In the **park**.")

        answer = client_of(cast.rachel).post("/new/lost-card/", said)

        page = answer.content.decode()
        assert "In the **park**." in page
        assert 'value="I lost my card"' in page
        assert said["submission"] in page
        assert not answer.context["form"].is_bound  # so nothing is complained of
        assert f'name="answered" value="{article.slug}"' in page
        assert not Ticket.objects.exists()

    def test_suggest_what_readers_may_read(self, cast: Cast, article: Article) -> None:
        out(cast, "Lost card: what staff know", audience="internal")
        indexed()

        answer = client_of(cast.rachel).post("/new/suggest/", {"subject": "lost card"})

        page = answer.content.decode()
        assert article.slug in page
        assert "what-staff-know" not in page

    def test_open_nothing_hidden(self, cast: Cast) -> None:
        secret = out(cast, "For us", audience="internal")
        client = client_of(cast.rachel)

        assert client.post(f"/new/read/{secret.slug}/", form()).status_code == 404
        assert client.post("/new/answered/", form(answered=secret.slug)).status_code == 404
        assert not Deflection.objects.exists()
