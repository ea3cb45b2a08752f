"""Readers say whether an article helped, and may think again."""

from __future__ import annotations

import pytest

from apps.accounts import actions as people
from apps.kernel.actors import ANONYMOUS, SYSTEM
from apps.kernel.errors import ForbiddenError
from apps.knowledge import actions
from apps.knowledge.models import Article, Feedback
from tests.cast import Cast
from tests.knowledge.shelf import drafted, facts, last_fact, out
from tests.support import NOON

pytestmark = pytest.mark.django_db


def counted(article: Article) -> tuple[int, int, int]:
    article.refresh_from_db()
    return article.helpful, article.unhelpful, article.views


def test_counts_each_person_once_and_their_last_word(cast: Cast) -> None:
    article, rachel = out(cast), cast.actor(cast.rachel)

    for is_helpful, comment in ((True, ""), (True, ""), (False, "No."), (False, "No.")):
        actions.rate(
            article=article, is_helpful=is_helpful, comment=comment, actor=rachel, now=NOON
        )
    actions.rate(article=article, is_helpful=True, actor=cast.actor(cast.oscar), now=NOON)

    assert counted(article) == (1, 1, 0)
    assert facts(article).count("article.rated") == 3
    assert Feedback.objects.get(user=cast.rachel).comment == "No."


def test_strangers_are_told_apart_by_their_browser(cast: Cast) -> None:
    article = out(cast)

    for browser in ("one", "two", "two"):
        actions.rate(article=article, is_helpful=True, browser=browser, actor=ANONYMOUS, now=NOON)

    assert counted(article) == (2, 0, 0)
    with pytest.raises(ForbiddenError):
        actions.rate(article=article, is_helpful=True, actor=ANONYMOUS, now=NOON)


def test_rating_keeps_editors_out_of_it(cast: Cast) -> None:
    article = out(cast)
    version = article.version

    actions.rate(article=article, is_helpful=True, actor=cast.actor(cast.rachel), now=NOON)

    article.refresh_from_db()
    assert article.version == version


def test_what_a_reader_wrote_stays_out_of_the_journal(cast: Cast) -> None:
    article = out(cast)

    actions.rate(
        article=article,
        is_helpful=False,
        comment="Call me: 0123 456789",
        actor=cast.actor(cast.rachel),
        now=NOON,
    )

    assert "0123" not in str(last_fact(article))
    assert last_fact(article)["has_comment"]


def test_is_for_readers_of_what_is_out(cast: Cast) -> None:
    draft, internal = drafted(cast), out(cast, audience="internal")

    for article, actor in (
        (draft, cast.actor(cast.alice)),
        (internal, cast.actor(cast.rachel)),
        (internal, SYSTEM),
    ):
        with pytest.raises(ForbiddenError):
            actions.rate(article=article, is_helpful=True, actor=actor, now=NOON)


def test_views_count_readers_and_not_staff(cast: Cast) -> None:
    article = out(cast)

    for actor in (ANONYMOUS, cast.actor(cast.rachel), cast.actor(cast.alice)):
        actions.count_view(article=article, actor=actor)
    actions.count_view(article=drafted(cast, "Another"), actor=ANONYMOUS)

    assert counted(article) == (0, 0, 2)


def test_a_forgotten_persons_words_are_gone_and_their_vote_stays(cast: Cast) -> None:
    article, ada = out(cast), cast.actor(cast.ada)
    actions.rate(
        article=article, is_helpful=False, comment="Mine.", actor=cast.actor(cast.rachel), now=NOON
    )

    told = people.export_person(user=cast.rachel, actor=ada, now=NOON)
    people.anonymise_person(user=cast.rachel, actor=ada, now=NOON)
    people.anonymise_person(user=cast.alice, actor=ada, now=NOON)

    assert told["knowledge"]["ratings"][0]["comment"] == "Mine."  # type: ignore[index]
    row = Feedback.objects.get()
    assert (row.user, row.comment, row.is_helpful) == (None, "", False)
    article.refresh_from_db()
    assert article.owner is None
    assert article.unhelpful == 1
