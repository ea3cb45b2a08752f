"""Publishing, now and later; retiring; what categories count."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.models import User
from apps.kernel.actors import SYSTEM
from apps.kernel.errors import ForbiddenError
from apps.knowledge import actions, tasks
from apps.knowledge.errors import (
    CategoryMissingError,
    CategoryRefusedError,
    DateRefusedError,
    LinkRefusedError,
    StaleArticleError,
    StateRefusedError,
)
from apps.knowledge.models import Article, KnowledgeCategory
from tests.cast import Cast
from tests.knowledge.shelf import drafted, facts, last_fact, out, topic
from tests.support import NOON

pytestmark = pytest.mark.django_db

TOMORROW = NOON + timedelta(days=1)


def counts(category: KnowledgeCategory) -> tuple[int, int]:
    category.refresh_from_db()
    return category.public_count, category.internal_count


def revised(cast: Cast, article: Article, text: str) -> Article:
    return actions.revise(
        article=article, title="Lost card", source=text, actor=cast.actor(cast.alice), now=NOON
    )


class TestPublishing:
    def test_shows_readers_the_newest_revision(self, cast: Cast) -> None:
        article = revised(cast, out(cast, text="First."), "Second.")

        article = actions.publish(article=article, actor=cast.actor(cast.lena), now=TOMORROW)

        assert article.live is not None
        assert article.live.source == "Second."
        assert (article.published_at, article.live_since) == (NOON, TOMORROW)
        assert last_fact(article) == {
            "name": "article.published",
            "revision_id": article.live.pk,
            "audience": "public",
            "language": "en",
            "is_first": False,
        }

    def test_is_for_leads_and_administrators(self, cast: Cast) -> None:
        article = drafted(cast, category=topic(cast))

        for user in (cast.alice, cast.fay, cast.rachel):
            actor = cast.actor(user)
            with pytest.raises(ForbiddenError):
                actions.publish(article=article, actor=actor, now=NOON)
            with pytest.raises(ForbiddenError):
                actions.schedule(article=article, at=TOMORROW, actor=actor, now=NOON)
        for user in (cast.lena, cast.ada):
            article = actions.publish(article=article, actor=cast.actor(user), now=NOON)
            article = revised(cast, article, "Another.")

    def test_wants_a_category(self, cast: Cast) -> None:
        lena, article = cast.actor(cast.lena), drafted(cast)

        with pytest.raises(CategoryMissingError):
            actions.publish(article=article, actor=lena, now=NOON)
        with pytest.raises(CategoryMissingError):
            actions.schedule(article=article, at=TOMORROW, actor=lena, now=NOON)

    def test_of_what_is_out_already_is_refused(self, cast: Cast) -> None:
        with pytest.raises(StateRefusedError):
            actions.publish(article=out(cast), actor=cast.actor(cast.lena), now=NOON)

    def test_of_what_somebody_revised_meanwhile_is_refused(self, cast: Cast) -> None:
        seen = drafted(cast, category=topic(cast))
        revised(cast, seen, "Alice went on writing.")

        with pytest.raises(StaleArticleError):
            actions.publish(
                article=seen,
                expected_version=seen.version,
                actor=cast.actor(cast.lena),
                now=NOON,
            )


class TestScheduling:
    def scheduled(self, cast: Cast, article: Article | None = None) -> Article:
        article = article or drafted(cast, text="First.", category=topic(cast))
        return actions.schedule(article=article, at=TOMORROW, actor=cast.actor(cast.lena), now=NOON)

    def test_publishes_by_itself_when_its_time_comes(self, cast: Cast) -> None:
        article = self.scheduled(cast)

        for moment, state in (
            (TOMORROW - timedelta(seconds=1), "scheduled"),
            (TOMORROW, "published"),
        ):
            article = actions.publish_due(article=article, actor=SYSTEM, now=moment)
            assert article.state == state

        assert facts(article) == ["article.drafted", "article.scheduled", "article.published"]
        assert counts(article.category) == (1, 0)  # type: ignore[arg-type]

    def test_the_chore_publishes_once(self, cast: Cast) -> None:
        """NOON is long ago for the clock that chores look at."""
        article = self.scheduled(cast)

        tasks.publish_due()
        tasks.publish_due()

        assert facts(article).count("article.published") == 1

    def test_the_chore_leaves_what_is_not_due(self, cast: Cast) -> None:
        article = self.scheduled(cast)
        Article.objects.filter(pk=article.pk).update(publish_at=NOON + timedelta(days=99_999))

        tasks.publish_due()

        article.refresh_from_db()
        assert article.state == "scheduled"

    def test_publishes_what_was_approved_and_nothing_newer(self, cast: Cast) -> None:
        article = revised(cast, self.scheduled(cast), "Not approved yet.")

        article = actions.publish_due(article=article, actor=SYSTEM, now=TOMORROW)

        assert article.live is not None
        assert article.live.source == "First."
        assert article.current_id != article.live_id

    def test_a_published_article_stays_until_then(self, cast: Cast) -> None:
        article = self.scheduled(cast, revised(cast, out(cast, text="First."), "Second."))

        assert (article.state, article.live and article.live.source) == ("published", "First.")
        article = actions.publish_due(article=article, actor=SYSTEM, now=TOMORROW)
        assert article.live is not None
        assert article.live.source == "Second."

    def test_can_be_called_off(self, cast: Cast) -> None:
        lena = cast.actor(cast.lena)
        article = actions.unschedule(article=self.scheduled(cast), actor=lena, now=NOON)

        assert (article.state, article.publish_at) == ("draft", None)
        with pytest.raises(StateRefusedError):
            actions.unschedule(article=article, actor=lena, now=NOON)
        assert actions.publish_due(article=article, actor=SYSTEM, now=TOMORROW).state == "draft"

    def test_for_the_past_is_refused(self, cast: Cast) -> None:
        article = drafted(cast, category=topic(cast))

        with pytest.raises(DateRefusedError):
            actions.schedule(article=article, at=NOON, actor=cast.actor(cast.lena), now=NOON)


class TestRetiring:
    def test_takes_it_out_of_sight_and_publishing_brings_it_back(self, cast: Cast) -> None:
        lena, article = cast.actor(cast.lena), out(cast)

        article = actions.retire(article=article, actor=lena, now=NOON)
        assert article.state == "retired"
        assert counts(article.category) == (0, 0)  # type: ignore[arg-type]

        article = actions.publish(article=article, actor=lena, now=NOON)
        assert counts(article.category) == (1, 0)  # type: ignore[arg-type]

    def test_of_what_readers_see_is_for_those_who_publish(self, cast: Cast) -> None:
        alice = cast.actor(cast.alice)

        with pytest.raises(ForbiddenError):
            actions.retire(article=out(cast), actor=alice, now=NOON)
        assert actions.retire(article=drafted(cast), actor=alice, now=NOON).state == "retired"

    def test_twice_is_refused(self, cast: Cast) -> None:
        lena = cast.actor(cast.lena)
        article = actions.retire(article=out(cast), actor=lena, now=NOON)

        with pytest.raises(StateRefusedError):
            actions.retire(article=article, actor=lena, now=NOON)


class TestPlacing:
    def placed(self, cast: Cast, article: Article, by: User, **said: object) -> Article:
        wanted = {
            "category": article.category,
            "audience": article.audience,
            "language": "en",
            "translates": None,
            "owner": article.owner,
            **said,
        }
        return actions.place(article=article, actor=cast.actor(by), now=NOON, **wanted)  # type: ignore[arg-type]

    def test_moves_the_counts_with_it(self, cast: Cast) -> None:
        cards, cash, article = topic(cast), topic(cast, "Cash"), out(cast)

        article = self.placed(cast, article, cast.lena, category=cash)
        assert (counts(cards), counts(cash)) == ((0, 0), (1, 0))

        article = self.placed(cast, article, cast.lena, audience="internal")
        assert counts(cash) == (0, 1)
        assert last_fact(article) == {
            "name": "article.updated",
            "changed": ["audience"],
            "audience": "internal",
        }

    def test_of_what_readers_see_is_for_those_who_publish(self, cast: Cast) -> None:
        internal = out(cast, audience="internal")

        with pytest.raises(ForbiddenError):
            self.placed(cast, internal, cast.alice, audience="public")
        draft = self.placed(cast, drafted(cast), cast.alice, audience="internal", owner=cast.bob)
        assert (draft.audience, draft.owner) == ("internal", cast.bob)

    def test_that_changes_nothing_records_nothing(self, cast: Cast) -> None:
        article = out(cast)

        assert self.placed(cast, article, cast.lena).version == article.version

    def test_a_published_article_keeps_a_category(self, cast: Cast) -> None:
        with pytest.raises(CategoryMissingError):
            self.placed(cast, out(cast), cast.lena, category=None)


class TestShelving:
    def test_is_for_those_who_publish(self, cast: Cast) -> None:
        with pytest.raises(ForbiddenError):
            actions.save_category(
                category=None,
                name="Mine",
                slug="mine",
                parent=None,
                description="",
                icon="book",
                position=0,
                actor=cast.actor(cast.alice),
                now=NOON,
            )

    def test_knows_two_levels(self, cast: Cast) -> None:
        cards = topic(cast)
        pins = topic(cast, "Pins", parent=cards)

        with pytest.raises(CategoryRefusedError):
            topic(cast, "Deeper", parent=pins)
        with pytest.raises(CategoryRefusedError):
            actions.save_category(
                category=cards,
                name="Cards",
                slug="cards",
                parent=topic(cast, "Above"),
                description="",
                icon="card",
                position=0,
                actor=cast.actor(cast.lena),
                now=NOON,
            )


class TestLinking:
    def test_keeps_which_tickets_it_helped_with(self, cast: Cast) -> None:
        article, bob = drafted(cast), cast.actor(cast.bob)

        for _ in range(2):
            actions.link(article=article, target="ticket:42", actor=bob, now=NOON)
        assert list(Article.objects.linked_to("ticket:42")) == [article]
        for _ in range(2):
            actions.unlink(article=article, target="ticket:42", actor=bob, now=NOON)

        assert list(Article.objects.linked_to("ticket:42")) == []
        assert facts(article) == ["article.drafted", "article.linked", "article.linked"]

    @pytest.mark.parametrize("target", ["", "ticket", "ticket:x", "TICKET:1", "<b>:1", "ticket:1 "])
    def test_to_what_is_no_subject_is_refused(self, cast: Cast, target: str) -> None:
        with pytest.raises(LinkRefusedError):
            actions.link(article=drafted(cast), target=target, actor=cast.actor(cast.bob), now=NOON)
