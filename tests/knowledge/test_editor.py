"""The writers' pages in the admin: saving, publishing, comparing, and two who write at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.knowledge import actions
from apps.knowledge.models import Article, ArticleImage
from tests.cast import Cast
from tests.knowledge.shelf import drafted, facts, out, pictured, png, topic
from tests.support import NOON
from tests.tickets.test_files import SVG

pytestmark = pytest.mark.django_db

ADMIN = "/admin/knowledge/article"


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(article: Article, source: str, **more: str) -> dict[str, Any]:
    """The editor's form as its writer saw it, with another text in it."""
    article.refresh_from_db()
    assert article.current is not None
    return {
        "title": article.current.title,
        "summary": article.current.summary,
        "source": source,
        "note": "",
        "version": article.version,
        "base": article.current.number,
        **more,
    }


def test_a_new_article_is_a_draft(cast: Cast) -> None:
    cards = topic(cast)
    said = {"title": "New", "source": "Text.", "category": cards.pk, "audience": "public"}

    answer = as_user(cast.alice).post(f"{ADMIN}/add/", {**said, "language": "en"})

    article = Article.objects.get()
    assert answer["Location"] == f"{ADMIN}/{article.pk}/change/"
    assert (article.state, article.category, article.owner) == ("draft", cards, cast.alice)


def test_saving_makes_a_revision_and_publishing_is_another_button(cast: Cast) -> None:
    article = out(cast, text="First.")
    url = f"{ADMIN}/{article.pk}/change/"

    as_user(cast.alice).post(url, text_of(article, "Second."))
    article.refresh_from_db()
    assert article.live is not None
    assert article.live.source == "First."

    as_user(cast.lena).post(url, text_of(article, "Third.", publish="1"))
    article.refresh_from_db()
    assert article.live is not None
    assert article.live.source == "Third."


def test_an_agent_who_posts_publish_is_refused_and_nothing_is_saved(cast: Cast) -> None:
    article = out(cast, text="First.")

    as_user(cast.alice).post(
        f"{ADMIN}/{article.pk}/change/", text_of(article, "Mine.", publish="1")
    )

    article.refresh_from_db()
    assert article.live_id == article.current_id


def test_the_second_of_two_writers_loses_nothing(cast: Cast) -> None:
    article = drafted(cast, text="One line.")
    url = f"{ADMIN}/{article.pk}/change/"
    lenas, alices = text_of(article, "Lena's line."), text_of(article, "Alice's line.")
    as_user(cast.lena).post(url, lenas)

    told = as_user(cast.alice).post(url, alices)

    page = told.content.decode()
    assert told.status_code == 409
    assert "What Lena changed meanwhile" in page
    assert "<ins>Lena" in page
    assert "Alice&#x27;s line." in page
    editor = told.context["editor"]
    again = {name: editor[name].value() for name in editor.fields}
    assert as_user(cast.alice).post(url, again).status_code == 302
    texts = article.revisions.order_by("number").values_list("source", flat=True)
    assert list(texts) == ["One line.", "Lena's line.", "Alice's line."]


def test_the_preview_shows_the_text_and_saves_nothing(cast: Cast) -> None:
    article = drafted(cast, text="![A](image:{ref})")
    ref = ArticleImage.objects.get().ref
    source = f"**bold** <script>x</script> ![A](image:{ref}) ![B](https://evil.example/x.png)"
    client, before = as_user(cast.alice), facts(article)

    fragment = client.post(f"{ADMIN}/{article.pk}/preview/", {"source": source}).content.decode()
    page = client.post(f"{ADMIN}/{article.pk}/change/", text_of(article, source, preview="1"))
    new = client.post(f"{ADMIN}/preview/", {"source": source}).content.decode()

    for shown in (fragment, page.content.decode()):
        assert "<strong>bold</strong>" in shown
        assert f'<img src="/help/images/{ref}/"' in shown
        assert "<script>x" not in shown
    assert "<img" not in new
    assert facts(article) == before


class TestPanels:
    def done(self, by: User, article: Article, panel: str, **said: Any) -> int:
        article.refresh_from_db()
        answer = as_user(by).post(
            f"{ADMIN}/{article.pk}/{panel}/do/", {"version": article.version, **said}
        )
        article.refresh_from_db()
        return answer.status_code

    def test_do_what_their_buttons_say(self, cast: Cast) -> None:
        article, lena = drafted(cast), cast.lena
        where = {"category": topic(cast).pk, "audience": "internal", "language": "en"}

        assert self.done(lena, article, "publish") == 409
        assert self.done(cast.alice, article, "place", owner=cast.bob.pk, **where) == 302
        assert (article.audience, article.owner) == ("internal", cast.bob)
        assert self.done(lena, article, "schedule", at="2099-01-01T09:00") == 302
        assert article.state == "scheduled"
        assert self.done(lena, article, "unschedule") == 302
        assert self.done(lena, article, "publish") == 302
        assert article.state == "published"
        assert self.done(cast.alice, article, "review", review_on="2099-01-01") == 302
        assert self.done(lena, article, "retire") == 302
        assert article.state == "retired"

    def test_are_refused_to_whom_they_are_not_for(self, cast: Cast) -> None:
        article = drafted(cast, category=topic(cast))

        for panel in ("publish", "schedule", "unschedule"):
            self.done(cast.alice, article, panel, at="2099-01-01T09:00")

        assert article.state == "draft"

    def test_say_what_is_wrong(self, cast: Cast) -> None:
        article = drafted(cast, category=topic(cast))
        client = as_user(cast.lena)

        answer = client.post(
            f"{ADMIN}/{article.pk}/schedule/do/",
            {"version": article.version, "at": "2001-01-01T09:00"},
        )

        assert answer.status_code == 409
        assert "Choose a time in the future." in answer.content.decode()

    def test_restore_unlink_and_remove(self, cast: Cast) -> None:
        article, alice = drafted(cast, text="First."), cast.actor(cast.alice)
        actions.revise(article=article, title="T", source="Second.", actor=alice, now=NOON)
        actions.link(article=article, target="ticket:42", actor=alice, now=NOON)
        image = pictured(cast, article)

        assert self.done(cast.alice, article, "restore", number="1") == 302
        assert self.done(cast.alice, article, "unlink", target="ticket:42") == 302
        assert self.done(cast.alice, article, "remove-image", ref=image.ref) == 302

        assert article.current is not None
        assert article.current.source == "First."
        assert not article.links.exists()
        assert not article.images.exists()

    def test_that_do_not_exist_are_not_found(self, cast: Cast) -> None:
        assert self.done(cast.lena, drafted(cast), "explode") == 404


def test_any_two_revisions_can_be_compared(cast: Cast) -> None:
    article, alice = drafted(cast, text="Free up to £800."), cast.actor(cast.alice)
    for text in ("Free up to £900.", "Free up to <b>£1,000</b>."):
        article = actions.revise(article=article, title="T", source=text, actor=alice, now=NOON)
    client = as_user(cast.alice)

    def compared(asked: str) -> str:
        return client.get(f"{ADMIN}/{article.pk}/revisions/{asked}").content.decode()

    assert "<del>800</del><ins>900</ins>" in compared("?from=1&to=2")
    assert "&lt;b&gt;" in compared("")
    assert "<b>£1,000" not in compared("?from=1&to=3")
    assert client.get(f"{ADMIN}/{article.pk}/revisions/?to=99").status_code == 404


class TestUploading:
    def sent(self, cast: Cast, name: str, content: bytes, accept: str) -> Any:
        article = Article.objects.first() or drafted(cast)
        upload = {"image": SimpleUploadedFile(name, content)}
        return as_user(cast.alice).post(f"{ADMIN}/{article.pk}/images/", upload, HTTP_ACCEPT=accept)

    def test_gives_the_words_that_show_the_picture(self, cast: Cast) -> None:
        answer = self.sent(cast, "My [odd] `screen`.png", png(), "application/json")

        image = ArticleImage.objects.get()
        assert answer.status_code == 201
        assert answer.json() == {"markdown": f"![My  odd   screen](image:{image.ref})"}

    def test_says_why_a_file_is_refused(self, cast: Cast) -> None:
        answer = self.sent(cast, "x.png", SVG, "application/json")

        assert answer.status_code == 413
        assert "no picture" in answer.json()["error"]

    def test_works_without_a_script(self, cast: Cast) -> None:
        assert self.sent(cast, "x.png", png(), "text/html").status_code == 302
        assert self.sent(cast, "x.png", SVG, "text/html").status_code == 302
        assert ArticleImage.objects.count() == 1


def test_the_list_shows_what_is_to_be_looked_through(cast: Cast) -> None:
    due, other = out(cast, "Due"), out(cast, "Other")
    Article.objects.filter(pk=due.pk).update(review_on=NOON.date())
    client = as_user(cast.alice)

    for asked, there, gone in (("?review=due", due, other), ("?review=never", other, due)):
        page = client.get(f"{ADMIN}/{asked}").content.decode()
        assert f"{ADMIN}/{there.pk}/change/" in page
        assert f"{ADMIN}/{gone.pk}/change/" not in page
    for asked in ("", "?review=mine", "?state__exact=draft", "?audience__exact=internal", "?q=due"):
        assert client.get(f"{ADMIN}/{asked}").status_code == 200


def test_the_editor_asks_the_same_number_of_times_however_much_there_is(cast: Cast) -> None:
    article, client = drafted(cast), as_user(cast.lena)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{ADMIN}/{article.pk}/change/").status_code == 200
        return len(queries)

    asked()  # what is kept for some seconds is asked for once
    before = asked()
    alice = cast.actor(cast.alice)
    for number in range(4):
        pictured(cast, article)
        actions.link(article=article, target=f"ticket:{number}", actor=alice, now=NOON)

    assert asked() == before


def test_a_category_is_saved_through_its_verb(cast: Cast) -> None:
    said = {"name": "Cash", "slug": "cash", "icon": "cash", "position": 3, "description": ""}
    client = as_user(cast.lena)

    answer = client.post("/admin/knowledge/knowledgecategory/add/", said)
    assert answer.status_code == 302
    parent = topic(cast, "Pins", parent=topic(cast)).pk
    refused = client.post(
        "/admin/knowledge/knowledgecategory/add/", {**said, "slug": "deep", "parent": parent}
    )
    assert refused.status_code == 200
