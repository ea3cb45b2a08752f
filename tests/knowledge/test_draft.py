"""Drafting, revising, restoring: who may, what is kept, and two who edit at once."""

from __future__ import annotations

import pytest

from apps.accounts.models import User
from apps.kernel.actors import ANONYMOUS
from apps.kernel.errors import ForbiddenError
from apps.knowledge import access, actions
from apps.knowledge.actions.rows import TEXT_LIMIT
from apps.knowledge.errors import (
    ArticleTooLongError,
    EmptyArticleError,
    StaleArticleError,
    TitleRefusedError,
    TranslationRefusedError,
)
from apps.knowledge.models import Article, Revision
from tests.cast import Cast, make_cast
from tests.knowledge.shelf import drafted, facts, last_fact, out
from tests.support import NOON, transactional
from tests.tickets.test_concurrency import at_once

pytestmark = pytest.mark.django_db


class TestDrafting:
    def test_makes_an_article_that_only_writers_see(self, cast: Cast) -> None:
        article = drafted(
            cast, "Lost card", "Freeze it.", summary=" Freeze\nit ", origin="ticket:42"
        )

        assert (article.state, article.slug, article.summary) == ("draft", "lost-card", "Freeze it")
        assert article.owner == cast.alice
        assert article.current is not None
        assert (article.current.number, article.current.author) == (1, cast.alice)
        assert last_fact(article)["origin"] == "ticket:42"

    def test_is_for_staff_who_write(self, cast: Cast) -> None:
        for actor in (cast.actor(cast.rachel), cast.actor(cast.monica), ANONYMOUS):
            with pytest.raises(ForbiddenError):
                actions.draft(title="T", source="S", actor=actor, now=NOON)

    @pytest.mark.parametrize(
        ("title", "source", "error"),
        [
            ("", "S", TitleRefusedError),
            (" \n ", "S", TitleRefusedError),
            ("T" * 201, "S", TitleRefusedError),
            ("T", " \0\n", EmptyArticleError),
            ("T", "x" * (TEXT_LIMIT + 1), ArticleTooLongError),
        ],
    )
    def test_refuses_what_is_no_article(
        self, cast: Cast, title: str, source: str, error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            actions.draft(title=title, source=source, actor=cast.actor(cast.alice), now=NOON)

        assert not Article.objects.exists()

    def test_gives_each_its_own_name(self, cast: Cast) -> None:
        slugs = [
            drafted(cast, title).slug for title in ("Lost card", "Lost card!", "بطاقة", "بطاقة")
        ]

        assert slugs[0] == "lost-card"
        assert slugs[1].startswith("lost-card-")
        assert slugs[2] == "article"
        assert len(set(slugs)) == 4

    def test_a_translation_has_an_original_in_another_language(self, cast: Cast) -> None:
        english = drafted(cast)
        german = drafted(cast, "Karte weg", language="de", translates=english)

        for original, language in ((english, "en"), (german, "fr")):
            with pytest.raises(TranslationRefusedError):
                drafted(cast, "Another", language=language, translates=original)


class TestRevising:
    def revised(self, cast: Cast, article: Article, by: User, text: str, **said: object) -> Article:
        return actions.revise(
            article=article,
            title="Lost card",
            source=text,
            actor=cast.actor(by),
            now=NOON,
            **said,  # type: ignore[arg-type]
        )

    def test_adds_a_revision_and_keeps_the_one_before(self, cast: Cast) -> None:
        article = drafted(cast, text="First.")

        article = self.revised(cast, article, cast.bob, "Second.", note="Better")

        texts = list(article.revisions.order_by("number").values_list("source", "note", "author"))
        assert texts == [("First.", "", cast.alice.pk), ("Second.", "Better", cast.bob.pk)]
        assert facts(article) == ["article.drafted", "article.revised"]

    def test_the_same_text_again_is_no_revision(self, cast: Cast) -> None:
        article = drafted(cast, text="First.")

        again = self.revised(cast, article, cast.bob, "First.\r\n")

        assert again.version == article.version
        assert facts(article) == ["article.drafted"]

    def test_of_a_published_article_waits_for_somebody_who_publishes(self, cast: Cast) -> None:
        article = out(cast, text="First.")

        article = actions.revise(
            article=article,
            title="New title",
            source="Second.",
            actor=cast.actor(cast.alice),
            now=NOON,
        )

        assert article.live is not None
        assert (article.title, article.live.source) == ("Lost card", "First.")

    def test_a_new_title_leaves_links_alone(self, cast: Cast) -> None:
        article = drafted(cast)

        article = actions.revise(
            article=article, title="Gone card", source="S", actor=cast.actor(cast.alice), now=NOON
        )

        assert (article.title, article.slug) == ("Gone card", "lost-card")

    def test_the_second_of_two_editors_is_told(self, cast: Cast) -> None:
        article = drafted(cast)
        self.revised(cast, article, cast.bob, "Bob was first.", expected_version=article.version)

        with pytest.raises(StaleArticleError):
            self.revised(cast, article, cast.alice, "Too late.", expected_version=article.version)

        assert Revision.objects.filter(article=article).count() == 2

    def test_is_for_staff_who_write(self, cast: Cast) -> None:
        article = out(cast)

        with pytest.raises(ForbiddenError):
            self.revised(cast, article, cast.rachel, "Mine now.")


class TestRestoring:
    def test_writes_the_old_text_again(self, cast: Cast) -> None:
        article, lena = drafted(cast, text="First."), cast.actor(cast.lena)
        article = actions.revise(article=article, title="T", source="Second.", actor=lena, now=NOON)
        first = access.revision_of(article, 1)

        article = actions.restore(article=article, revision=first, actor=lena, now=NOON)

        assert article.current is not None
        assert (article.current.number, article.current.source) == (3, "First.")
        assert article.title == "Lost card"
        assert last_fact(article)["restored_from"] == first.pk

    def test_takes_no_other_articles_text(self, cast: Cast) -> None:
        one, other = drafted(cast), drafted(cast, "Other")

        with pytest.raises(ForbiddenError):
            actions.restore(
                article=one,
                revision=access.revision_of(other, 1),
                actor=cast.actor(cast.lena),
                now=NOON,
            )


@transactional
def test_of_two_who_save_at_once_one_is_told() -> None:
    cast = make_cast()
    article = drafted(cast)

    def save(by: User) -> object:
        return actions.revise(
            article=article,
            title="T",
            source=f"{by} wrote this.",
            expected_version=article.version,
            actor=cast.actor(by),
            now=NOON,
        )

    results = at_once(lambda: save(cast.alice), lambda: save(cast.bob))

    assert sorted(isinstance(result, StaleArticleError) for result in results) == [False, True]
    assert Revision.objects.filter(article=article).count() == 2
