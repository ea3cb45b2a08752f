"""Who sees which article: the policy for one row and the queryset for many say the same."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from apps.kernel.actors import ANONYMOUS, SYSTEM, Actor
from apps.kernel.errors import NotFoundError
from apps.knowledge import access, actions, policies, shelf
from apps.knowledge.models import Article, ArticleImage
from tests.cast import Cast
from tests.knowledge.shelf import drafted, out, pictured, topic
from tests.support import NOON

pytestmark = pytest.mark.django_db

STATES = ("draft", "scheduled", "published", "retired")
WORKS_ONLY = Actor("token", 1, frozenset({"work_tickets"}))  # a token that may not write


def standing(cast: Cast, state: str, audience: str) -> Article:
    lena = cast.actor(cast.lena)
    title = f"{state} {audience}"
    if state == "draft":
        return drafted(cast, title, audience=audience)
    if state == "scheduled":
        article = drafted(cast, title, audience=audience, category=topic(cast, audience))
        at = NOON + timedelta(days=1)
        return actions.schedule(article=article, at=at, actor=lena, now=NOON)
    article = out(cast, title, audience=audience)
    return actions.retire(article=article, actor=lena, now=NOON) if state == "retired" else article


def test_a_row_and_a_list_agree(cast: Cast) -> None:
    articles = [standing(cast, *each) for each in itertools.product(STATES, ("public", "internal"))]
    people = (cast.rachel, cast.monica, cast.paula, cast.alice, cast.fay, cast.lena, cast.ada)
    actors = [ANONYMOUS, SYSTEM, WORKS_ONLY, *map(cast.actor, people)]

    for actor in actors:
        for listed, allows in (
            (Article.objects.visible_to(actor), policies.can_view),
            (Article.objects.readable_by(actor), policies.can_find),
        ):
            asked = {article.pk for article in articles if allows(actor, article)}
            assert set(listed.values_list("pk", flat=True)) == asked, actor


@pytest.mark.parametrize(
    ("state", "audience", "seen_by"),
    [
        ("draft", "public", {"writers"}),
        ("draft", "internal", {"writers"}),
        ("scheduled", "public", {"writers"}),
        ("scheduled", "internal", {"writers"}),
        ("published", "public", {"customers", "staff", "writers"}),
        ("published", "internal", {"staff", "writers"}),
        ("retired", "public", {"writers"}),
        ("retired", "internal", {"writers"}),
    ],
)
def test_who_sees_what(cast: Cast, state: str, audience: str, seen_by: set[str]) -> None:
    article = standing(cast, state, audience)
    kinds = {
        "customers": [ANONYMOUS, cast.actor(cast.rachel), cast.actor(cast.monica)],
        "staff": [WORKS_ONLY],
        "writers": [cast.actor(user) for user in (cast.alice, cast.lena, cast.ada)],
    }

    for kind, actors in kinds.items():
        for actor in actors:
            sees = Article.objects.visible_to(actor).filter(pk=article.pk).exists()
            assert sees == (kind in seen_by), actor


def test_a_draft_is_in_no_list_even_of_its_writer(cast: Cast) -> None:
    drafted(cast)

    assert shelf.popular(cast.actor(cast.alice)) == []
    assert shelf.sections(cast.actor(cast.alice)) == []


def test_categories_that_hold_nothing_for_a_reader_are_absent(cast: Cast) -> None:
    out(cast, category=topic(cast, "Handbook"), audience="internal")

    assert shelf.sections(ANONYMOUS) == []
    assert [section.count for section in shelf.sections(cast.actor(cast.fay))] == [1]


def test_readers_see_the_pictures_of_what_they_read_and_no_others(cast: Cast) -> None:
    article = out(cast, text="![A](image:{ref})")
    shown = ArticleImage.objects.get()
    ahead = pictured(cast, article)

    assert access.image_by_ref(shown.ref, ANONYMOUS) == shown
    assert access.image_by_ref(ahead.ref, cast.actor(cast.alice)) == ahead
    for actor in (ANONYMOUS, WORKS_ONLY, cast.actor(cast.rachel)):
        with pytest.raises(NotFoundError):
            access.image_by_ref(ahead.ref, actor)

    actions.retire(article=article, actor=cast.actor(cast.lena), now=NOON)
    with pytest.raises(NotFoundError):
        access.image_by_ref(shown.ref, ANONYMOUS)
