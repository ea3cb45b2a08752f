"""Articles are looked through from time to time, and their owner hears when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.kernel.actors import SYSTEM
from apps.kernel.errors import ForbiddenError
from apps.knowledge import actions, tasks
from apps.knowledge.errors import DateRefusedError
from apps.knowledge.models import Article
from tests.cast import Cast
from tests.knowledge.shelf import drafted, facts, last_fact, out
from tests.support import NOON

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


def to_review(cast: Cast, article: Article) -> Article:
    review_on = (NOON + WEEK).date()
    alice = cast.actor(cast.alice)
    return actions.set_review(article=article, review_on=review_on, actor=alice, now=NOON)


def test_the_owner_is_told_once_on_the_day(cast: Cast) -> None:
    article = to_review(cast, out(cast))

    for days in (6, 7, 8):
        article = actions.tell_review(
            article=article, actor=SYSTEM, now=NOON + timedelta(days=days)
        )

    assert facts(article).count("article.review_due") == 1
    assert last_fact(article)["owner_id"] == cast.alice.pk


def test_another_date_is_told_again(cast: Cast) -> None:
    article = actions.tell_review(article=to_review(cast, out(cast)), actor=SYSTEM, now=NOON + WEEK)

    article = actions.set_review(
        article=article,
        review_on=(NOON + 2 * WEEK).date(),
        actor=cast.actor(cast.lena),
        now=NOON + WEEK,
    )
    article = actions.tell_review(article=article, actor=SYSTEM, now=NOON + 2 * WEEK)

    assert facts(article).count("article.review_due") == 2


def test_the_chore_tells_of_published_ones_only(cast: Cast) -> None:
    shown, hidden = to_review(cast, out(cast)), to_review(cast, drafted(cast, "Draft"))

    tasks.tell_reviews()
    tasks.tell_reviews()

    assert facts(shown).count("article.review_due") == 1
    assert "article.review_due" not in facts(hidden)
    assert list(Article.objects.to_review(today=(NOON + WEEK).date())) == [shown]


def test_a_date_is_in_the_future_or_none(cast: Cast) -> None:
    article, alice = out(cast), cast.actor(cast.alice)

    with pytest.raises(DateRefusedError):
        actions.set_review(article=article, review_on=NOON.date(), actor=alice, now=NOON)
    article = actions.set_review(article=article, review_on=None, actor=alice, now=NOON)
    assert (article.review_on, article.reviewed_at) == (None, NOON)


def test_is_for_those_who_write(cast: Cast) -> None:
    with pytest.raises(ForbiddenError):
        actions.set_review(
            article=out(cast), review_on=None, actor=cast.actor(cast.rachel), now=NOON
        )
