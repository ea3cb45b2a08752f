"""Articles are found by whoever may read them, as long as they are out."""

from __future__ import annotations

import pytest

from apps.kernel.actors import ANONYMOUS
from apps.knowledge import actions as knowledge
from apps.knowledge.models import Article
from apps.search import find
from tests.cast import Cast
from tests.knowledge.shelf import drafted, out
from tests.search.desk import hear
from tests.support import NOON

pytestmark = pytest.mark.django_db


def slugs(cast: Cast, text: str, *, staff: bool = False, language: str = "") -> list[str]:
    actor = cast.actor(cast.alice) if staff else ANONYMOUS
    return [hit.slug for hit in find.articles(text, actor=actor, language=language)]


def suggested(text: str) -> list[str]:
    return [hit.slug for hit in find.suggest(text, actor=ANONYMOUS)]


def test_anybody_finds_what_is_public(cast: Cast) -> None:
    article = out(cast, "Lost card", "Freeze the *card* in the app.")
    hear()

    [hit] = find.articles("card app", actor=ANONYMOUS)

    assert (hit.article_id, hit.slug, hit.audience) == (article.pk, article.slug, "public")
    assert hit.title_html == "Lost <mark>card</mark>"
    assert hit.snippet_html == "Freeze the <mark>card</mark> in the <mark>app</mark>."


def test_staff_alone_find_what_is_internal(cast: Cast) -> None:
    internal = out(cast, "Lost card, for us", audience=Article.Audience.INTERNAL)
    hear()

    assert slugs(cast, "card", staff=True) == [internal.slug]
    assert slugs(cast, "card") == suggested("card") == []


def test_drafts_and_retired_ones_are_not_found(cast: Cast) -> None:
    drafted(cast, "Draft card")
    article = out(cast, "Old card")
    hear()
    assert slugs(cast, "card", staff=True) == [article.slug]

    knowledge.retire(article=article, actor=cast.actor(cast.lena), now=NOON)
    assert slugs(cast, "card", staff=True) == []  # before the index knows
    hear()

    assert slugs(cast, "card", staff=True) == []


def test_what_is_revised_is_found_once_it_is_out(cast: Cast) -> None:
    article, lena = out(cast, "Lost card"), cast.actor(cast.lena)
    article = knowledge.revise(
        article=article, title="Lost umbrella", source="It rains.", actor=lena, now=NOON
    )
    hear()
    assert slugs(cast, "umbrella") == []

    knowledge.publish(article=article, actor=lena, now=NOON)
    hear()

    assert slugs(cast, "umbrella") == [article.slug]
    assert slugs(cast, "card") == []


def test_a_typo_is_mended(cast: Cast) -> None:
    article = out(cast, "Declined payment")
    hear()

    assert slugs(cast, "paymnet") == [article.slug]


def test_a_reader_gets_one_of_each_translation(cast: Cast) -> None:
    english = out(cast, "Card")
    german = out(cast, "Karte (card)", language="de", translates=english)
    other = out(cast, "Card machine")
    hear()

    assert set(slugs(cast, "card", language="de")) == {german.slug, other.slug}
    assert set(slugs(cast, "card", language="en")) == {english.slug, other.slug}


def test_suggests_by_any_word_the_telling_ones_first(cast: Cast) -> None:
    lost = out(cast, "What to do about a lost card", "Freeze it.")
    out(cast, "Order a card", "Choose a design.")
    out(cast, "Top up a card", "From another bank.")
    out(cast, "Exchange rates", "We use the rate of the day.")
    hear()

    assert suggested("hello, I have lost my card, what can I do?")[0] == lost.slug
    assert suggested("what can i do for you please") == []
    assert suggested("excha") == ["exchange-rates"]
    assert suggested("") == []
