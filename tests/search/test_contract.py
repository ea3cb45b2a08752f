"""What every adapter of the index does alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

import pytest

from apps.search.documents import Document, Face, Kind
from apps.search.expressions import And, Expression, Key, Not, Or, Phrase
from apps.search.index import Changed, Question, Span, index
from tests.support import NOON

pytestmark = pytest.mark.django_db

ALL = Key("staff")


def document(
    key: int,
    title: str = "",
    *texts: str,
    keys: Iterable[str] = ("staff",),
    version: int = 1,
    notes: str = "",
) -> Document:
    faces = (Face(title=title, texts=texts, keys=frozenset(keys)),)
    if notes:
        faces = (
            Face(title=title, texts=texts, keys=frozenset({"reader1"})),
            Face(title=title, texts=(*texts, notes), keys=frozenset(keys)),
        )
    moment = NOON + timedelta(days=key)
    return Document(key=key, version=version, created_at=moment, updated_at=moment, faces=faces)


def reader_of(*documents: Document) -> Callable[[Sequence[int]], list[Document]]:
    return lambda keys: [document for document in documents if document.key in keys]


def put(*documents: Document, kind: Kind = Kind.TICKET) -> None:
    index.get().refresh(kind, [d.key for d in documents], reader_of(*documents))


def ask(where: Expression, kind: Kind = Kind.TICKET, **asked: object) -> list[int]:
    question = Question(kind=kind, where=where, **asked)  # type: ignore[arg-type]
    return [candidate.key for candidate in index.get().find(question).candidates]


def word(text: str, *, prefix: bool = False) -> Phrase:
    return Phrase((text,), prefix)


def test_finds_what_holds_a_word_newest_first() -> None:
    put(document(1, "card"), document(2, "", "my card"), document(3, "cash"))

    assert ask(And((ALL, word("card")))) == [2, 1]


def test_joins_with_and_or_and_not() -> None:
    put(document(1, "card lost"), document(2, "card found"), document(3, "cash lost"))

    assert ask(And((word("card"), word("lost")))) == [1]
    assert ask(Or((word("found"), word("cash")))) == [3, 2]
    assert ask(And((ALL, Not(word("lost"))))) == [2]
    assert ask(And((ALL, Not(And((word("lost"), Not(word("card")))))))) == [2, 1]


def test_takes_beginnings_and_phrases() -> None:
    put(document(1, "card holder"), document(2, "holder card"), document(3, "cardinal"))

    assert ask(word("card", prefix=True)) == [3, 2, 1]
    assert ask(Phrase(("card", "holder"))) == [1]
    assert ask(Phrase(("card", "ho"), prefix=True)) == [1]


def test_reads_no_phrase_across_texts() -> None:
    put(document(1, "lost", "card", "holder"))

    assert ask(Phrase(("card", "holder"))) == []
    assert ask(Phrase(("lost", "card"))) == []


def test_keys_are_no_words_and_words_no_keys() -> None:
    put(document(1, "p1", keys=("staff", "p2")))

    assert ask(Key("p1")) == ask(word("p2")) == ask(word("staff")) == []
    assert ask(word("sta", prefix=True)) == []


def test_a_face_is_found_by_its_own_keys_alone() -> None:
    put(document(1, "card", "lost", notes="suspect"))

    assert ask(And((Key("reader1"), word("lost")))) == [1]
    assert ask(And((Key("reader1"), word("suspect")))) == []
    assert ask(And((ALL, word("suspect"), word("lost")))) == [1]


def test_ranks_a_title_over_a_text() -> None:
    put(document(1, "card"), document(2, "other", "card and other words"))
    asked = word("card")

    found = index.get().find(Question(kind=Kind.TICKET, where=asked, ranked_by=(asked,)))

    scores = {candidate.key: candidate.score for candidate in found.candidates}
    assert scores[1] > scores[2]


def test_begins_where_it_is_told_and_ends_at_its_window() -> None:
    put(*(document(key, "card") for key in range(1, 8)))

    found = index.get().find(Question(kind=Kind.TICKET, where=word("card"), newest=6, window=3))

    assert [candidate.key for candidate in found.candidates] == [6, 5, 4]
    assert found.total == 6


def test_finds_across_the_spans_of_many_tickets() -> None:
    keys = [3, 9_999, 10_000, 95_000, 150_000, 249_999, 250_000, 259_999, 260_001]
    put(*(document(key, "card") for key in keys))

    assert ask(word("card")) == keys[::-1]
    assert ask(word("card"), newest=200_000) == [150_000, 95_000, 10_000, 9_999, 3]
    assert ask(Or((word("card"), word("none"))), newest=9_999) == [9_999, 3]


def test_keeps_to_times() -> None:
    put(document(1, "card"), document(2, "card"), document(3, "card"))
    second = Span(since=NOON + timedelta(days=2), until=NOON + timedelta(days=3))

    assert ask(word("card"), created=second) == [2]
    assert ask(word("card"), updated=Span(since=NOON + timedelta(days=2))) == [3, 2]


def test_forgets_what_is_read_no_more() -> None:
    put(document(1, "card", notes="suspect"), document(2, "card"))

    index.get().refresh(Kind.TICKET, [1, 2], reader_of(document(1, "cash")))

    assert ask(word("card")) == ask(word("suspect")) == []
    assert ask(word("cash")) == [1]


def test_leaves_alone_what_knows_the_fact() -> None:
    put(document(1, "card", version=5))
    asked: list[int] = []

    def read(keys: Sequence[int]) -> list[Document]:
        asked.extend(keys)
        return [document(1, "cash", version=6)]

    index.get().refresh(Kind.TICKET, [1], read, fact=5)
    index.get().refresh(Kind.TICKET, [1], read, fact=6)

    assert asked == [1]
    assert ask(word("cash")) == [1]


def test_the_newer_document_stays() -> None:
    put(document(1, "card", version=5))

    put(document(1, "cash", version=4))

    assert ask(word("card")) == [1]


def test_kinds_are_kept_apart() -> None:
    put(document(1, "card"))
    put(document(2, "card"), kind=Kind.ARTICLE)

    assert ask(word("card")) == [1]
    assert ask(word("card"), kind=Kind.ARTICLE) == [2]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("paymnet", "payment"),  # swapped
        ("payent", "payment"),  # dropped
        ("paymentt", "payment"),
        ("paymemt", "payment"),
        ("paymments", "payment"),  # two slips
        ("crad", "card"),
        ("payment", ""),  # right already
        ("xylophone", ""),
    ],
)
def test_guesses_what_was_meant(typed: str, meant: str) -> None:
    put(document(1, "card payment"))

    assert index.get().spell(Kind.TICKET, [typed], ALL).get(typed, "") == meant


def test_guesses_only_what_may_be_read() -> None:
    put(document(1, "card", notes="suspicious"))

    assert index.get().spell(Kind.TICKET, ["suspicius"], ALL) == {"suspicius": "suspicious"}
    assert index.get().spell(Kind.TICKET, ["suspicius"], Key("reader1")) == {}


def test_forgets_words_that_nothing_holds() -> None:
    put(document(1, "card", "Kowalczyk"), document(2, "payment", "nothing"))
    put(document(1, "card"), document(2, "nothing", "payment"))

    from apps.search.models import Word

    assert set(Word.objects.values_list("word", flat=True)) == {"card", "payment", "nothing"}


def test_a_new_index_takes_the_old_ones_place_whole() -> None:
    put(document(1, "card"), document(2, "card"), document(3, "card"))

    with index.get().rebuild(Kind.TICKET, since=7) as shadow:
        shadow.put([document(1, "cash"), document(2, "cash")])
        assert ask(word("card")) == [3, 2, 1]
        put(document(4, "cheque"))
        late = document(4, "cheque", version=9), document(2, "coin", version=9)
        shadow.switch(lambda: Changed({1, 2, 4}, late))

    assert ask(word("card")) == ask(word("cash")) == []
    assert ask(ALL) == [4, 2]
    put(document(5, "cash"), document(2, "note", version=9))
    assert ask(word("cash")) == [5]
    assert ask(word("coin")) == []


def test_a_killed_rebuild_goes_on() -> None:
    with index.get().rebuild(Kind.TICKET, since=7) as shadow:
        shadow.put([document(1, "cash"), document(2, "cash", notes="x")])

    with index.get().rebuild(Kind.TICKET, since=99) as again:
        assert (again.last, again.since) == (2, 7)
        again.put([document(3, "cash")])
        again.switch(lambda: Changed((), ()))

    assert ask(word("cash")) == [3, 2, 2, 1]
