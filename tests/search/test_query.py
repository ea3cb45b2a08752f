"""Any text is a search, on every database; what it means is plain."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.kernel.actors import SYSTEM
from apps.search import find, words
from apps.search.highlight import Marker, marked, marker, snippet
from apps.search.query import Filter, parse
from tests.cast import Cast
from tests.search.desk import hear
from tests.tickets.desk import raised

# What FTS5, tsquery and our own box might trip over.
_ODD = r"""
" ' * ( ) AND OR NOT NEAR( - + ^ : :* ! & | <-> {a b}: title: keys:staff status: # % _ \ ½ ﷺ 中文
-status:open team:' tag:" created:9999-99-99 updated:.. priority:9 İ ß é =staff crad gone card
"""
HOSTILE = st.lists(
    st.text(max_size=12) | st.sampled_from([*_ODD.split(), "\u0301", "\ud7ff", "\0"]), max_size=8
).flatmap(lambda parts: st.sampled_from([" ".join(parts), "".join(parts)]))


@pytest.mark.django_db
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(HOSTILE)
def test_any_text_is_a_search(cast: Cast, text: str) -> None:
    for actor in (SYSTEM, cast.actor(cast.rachel)):
        hits = find.tickets(text, actor=actor)
        find.articles(text, actor=actor)
        find.suggest(text, actor=actor)
    find.people(text, actor=SYSTEM)

    assert hits.total <= 1000


def terms(text: str) -> list[str]:
    return [
        "-" * term.negated + "+".join(word.folded for word in term.found) + "*" * term.prefix
        for term in parse(text).terms
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("card lost", ["card", "lost*"]),
        ("card lost ", ["card", "lost"]),
        ('"card lost"', ["card+lost"]),
        ("“card lost”", ["card+lost"]),
        ('"card lost', ["card+lost"]),
        ("card -lost", ["card", "-lost"]),
        ('card -"not this"', ["card", "-not+this"]),
        ("e-mail x", ["e+mail", "x"]),
        ("rachel@example.com ", ["rachel+example+com"]),
        ("card12", ["card12"]),
        ("https://example.com/a ", ["https+example+com+a"]),
        ("12:30 ", ["12+30"]),
        ("Café ÄRGER ", ["cafe", "arger"]),
        ("status: open", ["status", "open*"]),
        ("#12 xy", ["12", "xy*"]),
        ('- -- " *', []),
    ],
)
def test_words_are_read_as_meant(text: str, found: list[str]) -> None:
    assert terms(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("status:open", [Filter("status", ("open",))]),
        ("Status:open,pending", [Filter("status", ("open", "pending"))]),
        ('team:"Card services" x', [Filter("team", ("Card services",))]),
        ("-tag:vip", [Filter("tag", ("vip",), negated=True)]),
        ("priority:>=2", [Filter("priority", (">=2",))]),
        ('tag:"" team:, x', []),
    ],
)
def test_filters_are_read_as_meant(text: str, found: list[Filter]) -> None:
    assert list(parse(text).filters) == found


@pytest.mark.parametrize(
    ("text", "number", "surely"),
    [("#42", 42, True), (" # 42 ", 42, True), ("42", 42, False), ("42 x", None, False)],
)
def test_a_lone_number_is_a_tickets(text: str, number: int | None, surely: bool) -> None:
    query = parse(text)

    assert (query.number, query.is_surely_number) == (number, surely)


def test_what_is_too_long_is_cut_and_said() -> None:
    query = parse("word " * 200)

    assert len(query.terms) == 12
    assert query.is_cut


@pytest.mark.parametrize(
    ("one", "other"),
    [("cards", "card"), ("Companies", "company"), ("boxes", "box"), ("addresses", "address"),
     ("Straße", "STRASSE"), ("ﬁle", "file"), ("e\u0301te\u0301", "été")],
)  # fmt: skip
def test_these_are_one_word(one: str, other: str) -> None:
    assert words.stems(one) == words.stems(other)


def test_signs_are_words_of_their_own() -> None:
    assert words.stems("支付失敗 card") == ["支", "付", "失", "敗", "card"]


@given(st.text(max_size=200), st.text(alphabet="abcé<&", max_size=5))
def test_marks_are_the_only_markup(text: str, sought: str) -> None:
    safe = marked(text, marker(parse(sought).terms))

    assert html.unescape(re.sub("</?mark>", "", safe)) == text
    assert "<" not in re.sub("</?mark>", "", safe)


def test_a_snippet_shows_the_place_where_most_words_stand() -> None:
    text = "nothing here. " * 40 + "The **lost card** was found. " + "nothing there. " * 40

    shown = snippet(["card <script>", text], marker(parse("lost card ").terms))

    assert "The <mark>lost</mark> <mark>card</mark> was" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) < 300


def test_a_snippet_without_a_match_shows_the_first_words() -> None:
    text = "> quoted\n## Head\n**bold** [link](https://x.example) `code` <b>"

    shown = snippet([text, "x"], Marker(frozenset(), ()))

    assert shown == "quoted Head bold link code &lt;b&gt;"


@pytest.mark.django_db
def test_hits_are_escaped(cast: Cast) -> None:
    raised(cast, subject="<img src=x> & card", text="<script>alert('card')</script>")
    hear()

    [hit] = find.tickets("card", actor=cast.actor(cast.rachel)).hits

    assert hit.subject_html == "&lt;img src=x&gt; &amp; <mark>card</mark>"
    assert "<script" not in hit.snippet_html
