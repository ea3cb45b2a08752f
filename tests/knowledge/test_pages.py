"""The help centre's pages, as readers get them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from apps.knowledge import actions, views
from apps.knowledge.models import Article, Feedback
from tests.cast import Cast
from tests.knowledge.shelf import drafted, out, topic
from tests.support import NOON

pytestmark = pytest.mark.django_db

LONG = "## One\n\na\n\n## Two\n\nb\n\n## Three\n\nc"


def page(url: str, client: Client | None = None) -> str:
    answer = (client or Client()).get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def as_user(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_anybody_finds_an_article_by_its_topic(cast: Cast) -> None:
    cards = topic(cast)
    out(cast, summary="Freeze it first.", category=topic(cast, "Lost", parent=cards))

    assert "1 article" in page("/help/")
    assert "Lost" in page("/help/cards/")
    listed = page("/help/lost/")
    assert 'href="/help/articles/lost-card/"' in listed
    assert "Freeze it first." in listed
    shown = page("/help/articles/lost-card/")
    assert "Freeze the card in the app first." in shown
    for link in ('href="/help/"', 'href="/help/cards/"', 'href="/help/lost/"', 'href="/new/"'):
        assert link in shown


def test_a_long_article_has_contents_and_a_short_one_none(cast: Cast) -> None:
    out(cast, "Long", LONG)
    out(cast, "Short", "## One\n\na")

    assert 'href="#h-two"' in page("/help/articles/long/")
    assert "On this page" not in page("/help/articles/short/")


def test_a_page_of_a_category_begins_after_the_one_before(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE", 2)
    titles = ["A & b", "A & b", "B", "C <i>", "D"]
    for title in titles:
        out(cast, title)

    client, url, found = Client(), "/help/cards/", []
    while url:
        context = client.get(url).context
        found += [article.title for article in context["articles"]]
        last = context["following"]
        place = {"after": last.title, "last": last.pk} if last else {}
        url = f"/help/cards/?{urlencode(place)}" if place else ""

    assert found == titles


@pytest.mark.parametrize("asked", ["after=x&last=y", "last=9" + "9" * 40, "last=-1"])
def test_odd_places_to_begin_break_nothing(cast: Cast, asked: str) -> None:
    out(cast)

    page(f"/help/cards/?{asked}")


def test_writers_see_drafts_and_say_so_and_nobody_else_does(cast: Cast) -> None:
    drafted(cast)

    assert "A draft" in page("/help/articles/lost-card/", as_user(cast.alice))
    for client in (Client(), as_user(cast.rachel)):
        assert client.get("/help/articles/lost-card/").status_code == 404


def test_readers_see_what_is_published_and_writers_may_look_ahead(cast: Cast) -> None:
    article = out(cast, text="First.")
    actions.revise(
        article=article, title="T", source="Second.", actor=cast.actor(cast.alice), now=NOON
    )

    for client, asked, text in (
        (Client(), "", "First."),
        (Client(), "?newest", "First."),
        (as_user(cast.alice), "", "First."),
        (as_user(cast.alice), "?newest", "Second."),
    ):
        assert text in page(f"/help/articles/lost-card/{asked}", client)


def test_reading_counts_once_a_visit_and_not_for_staff(cast: Cast) -> None:
    article = out(cast)

    for client in (Client(), as_user(cast.rachel), as_user(cast.alice)):
        page("/help/articles/lost-card/", client)

    article.refresh_from_db()
    assert article.views == 2


class TestRating:
    url = "/help/articles/lost-card/"

    def rated(self, client: Client, **said: str) -> str:
        answer = client.post(f"{self.url}rate/", said)
        assert answer.status_code == 302
        assert answer["Location"] == f"{self.url}#feedback"
        return page(self.url, client)

    def test_a_stranger_says_no_and_then_why(self, cast: Cast) -> None:
        out(cast)
        client = Client()

        assert "Was this helpful?" in page(self.url, client)
        assert "What was missing" in self.rated(client, helpful="no")
        assert "You wrote:" in self.rated(client, helpful="no", comment="A picture.")

        row = Feedback.objects.get()
        assert (row.is_helpful, row.comment, row.user) == (False, "A picture.", None)
        assert "Was this helpful?" in page(self.url, Client())

    def test_a_customer_thinks_again(self, cast: Cast) -> None:
        article = out(cast)
        client = as_user(cast.rachel)

        self.rated(client, helpful="no")
        self.rated(client, helpful="yes")

        article.refresh_from_db()
        assert (article.helpful, article.unhelpful) == (1, 0)

    def test_what_is_no_answer_changes_nothing(self, cast: Cast) -> None:
        article = out(cast)
        sent = {"helpful": "yes", "comment": "x" * 5000}

        answer = Client().post(f"/help/articles/{article.slug}/rate/", sent)

        assert answer.context["form"].errors.keys() == {"comment"}
        assert answer.context["form"]["comment"].value() == "x" * 5000
        assert not Feedback.objects.exists()

    def test_one_address_has_so_much_to_say(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(views, "STRANGERS_RATINGS", 2)
        out(cast)

        answers = [Client().post(f"{self.url}rate/", {"helpful": "no"}) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [302, 302, 429]
        assert Feedback.objects.count() == 2


class TestLanguages:
    def speaking(self, cast: Cast) -> Article:
        english = out(cast)
        out(cast, "Karte weg", "Erst sperren.", language="de", translates=english)
        out(cast, "Only English", "Sorry.")
        return english

    def test_lists_show_the_readers_own_and_fall_back_to_the_original(self, cast: Cast) -> None:
        self.speaking(cast)

        for language, titles in (
            ("de", {"Karte weg", "Only English"}),
            ("en", {"Lost card", "Only English"}),
            ("fr", {"Lost card", "Only English"}),
        ):
            rows = Article.objects.published().in_language(language)
            assert {article.title for article in rows} == titles, language

    def test_a_translation_for_staff_hides_no_public_original(self, cast: Cast) -> None:
        english = out(cast)
        out(cast, "Intern", language="de", translates=english, audience="internal")

        rows = Article.objects.published().filter(audience="public").in_language("de")

        assert [article.title for article in rows] == ["Lost card"]

    def test_an_article_leads_to_its_translations(self, cast: Cast) -> None:
        self.speaking(cast)

        with translation.override("en"):
            shown = page("/help/articles/lost-card/")
            german = page("/help/articles/karte-weg/")

        assert 'href="/help/articles/karte-weg/"' in shown
        assert "2 articles" in page("/help/")
        assert "Read this article in your language" in german
        assert 'lang="de"' in german


@pytest.mark.parametrize("url", ["/help/", "/help/cards/", "/help/articles/lost-card/"])
def test_pages_ask_the_same_number_of_times_however_many_articles(
    cast: Cast, url: str, settings: Any
) -> None:
    settings.KEPT_SECONDS = 0

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(url)
        return len(queries)

    article = out(cast)
    before = asked()
    for number in range(8):
        out(cast, f"Another {number}", category=article.category)
        topic(cast, f"Topic{number}")

    assert asked() == before <= 6
