"""What both databases share: rows of faces, words that are known, and how a typo is mended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from django.db import connection, transaction

from apps.search import spelling, words
from apps.search.documents import Document, Face, Kind
from apps.search.expressions import Expression
from apps.search.index import Question, Reader, Span
from apps.search.models import ArticleDocument, TicketDocument, Word

T = TypeVar("T")

BATCH = 500
MOST_GUESSED = 4  # words of one query
MOST_GUESSES = 8  # for each

_MODELS = {Kind.TICKET: TicketDocument, Kind.ARTICLE: ArticleDocument}


@dataclass(frozen=True, slots=True)
class Row:
    """A face as the database keeps it."""

    id: int
    version: int
    created_at: datetime
    updated_at: datetime
    face: Face


def table(kind: Kind) -> str:
    return _MODELS[kind]._meta.db_table


def rows_of(document: Document) -> list[Row]:
    return [
        Row(
            document.key * 2 + place,
            document.version,
            document.created_at,
            document.updated_at,
            face,
        )
        for place, face in enumerate(document.faces)
    ]


def rows_for(keys: Iterable[int]) -> list[int]:
    """Every row that documents of these keys may have."""
    return [key * 2 + place for key in sorted(keys) for place in (0, 1)]


def batches(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def known_words(documents: Iterable[Document]) -> set[tuple[str, str]]:
    """Words for the vocabulary. The last face holds all that the others do."""
    return {
        pair
        for document in documents
        for text in (document.faces[-1].title, *document.faces[-1].texts)
        for pair in words.vocabulary(text)
    }


def stems_of(documents: Iterable[Document]) -> set[str]:
    return {
        stem
        for document in documents
        for text in (document.faces[-1].title, *document.faces[-1].texts)
        for stem in words.stems(text)
    }


def conditions(question: Question) -> tuple[str, list[Any]]:
    """What a question asks of a row beside its text, as SQL that begins with AND."""
    sql = ""
    values: list[Any] = []
    for column, span in (("created_at", question.created), ("updated_at", question.updated)):
        for sign, moment in _ends(span):
            sql += f" AND d.{column} {sign} %s"
            values.append(connection.ops.adapt_datetimefield_value(moment))
    if question.newest is not None:
        sql += " AND d.id <= %s"
        values.append(question.newest * 2 + 1)
    return sql, values


def _ends(span: Span) -> Iterator[tuple[str, datetime]]:
    if span.since is not None:
        yield ">=", span.since
    if span.until is not None:
        yield "<", span.until


class DatabaseIndex(ABC):
    def refresh(
        self, kind: Kind, keys: Collection[int], read: Reader, *, fact: int | None = None
    ) -> None:
        for batch in batches(sorted(set(keys))):
            self._refresh(kind, batch, read, fact)

    @transaction.atomic
    def _refresh(self, kind: Kind, keys: list[int], read: Reader, fact: int | None) -> None:
        ids = rows_for(keys)
        held = _MODELS[kind]._default_manager.select_for_update().filter(pk__in=ids)
        versions = dict(held.order_by("pk").values_list("pk", "version"))
        if fact is not None:
            keys = [key for key in keys if versions.get(key * 2, -1) < fact]
            ids = rows_for(keys)
        if not keys:
            return
        documents = read(keys)
        known = [pk for pk in ids if pk in versions]
        before = self._stems_in(kind, known)
        rows = [row for document in documents for row in rows_of(document)]
        kept = {row.id for row in rows}
        self.write(table(kind), rows)
        self._delete(kind, [pk for pk in known if pk not in kept])
        self.learn(pair for pair in known_words(documents) if pair[1] not in before)
        self._unlearn(before - stems_of(documents))

    def spell(self, kind: Kind, wanted: Sequence[str], access: Expression) -> dict[str, str]:
        asked = {word: words.stem(word) for word in wanted[:MOST_GUESSED]}
        wrong = set(asked) - self._readable(kind, asked, access)
        guesses = {word: self._guesses(word) for word in sorted(wrong)}
        stems = {guess: words.stem(guess) for found in guesses.values() for guess in found}
        readable = self._readable(kind, stems, access)
        mended = {
            word: next((guess for guess in found if guess in readable), "")
            for word, found in guesses.items()
        }
        return {word: guess for word, guess in mended.items() if guess}

    def _guesses(self, word: str) -> list[str]:
        slips = Word.objects.filter(word__in=spelling.slips(word)).values_list("word", flat=True)
        return spelling.nearest(word, {*slips, *self._alike(word)})[:MOST_GUESSES]

    def _unlearn(self, stems: Collection[str]) -> None:
        """Forget words that no document holds any more: what was redacted is to be gone."""
        for batch in batches(sorted(stems)):
            gone = [stem for stem in batch if not self._holds_anywhere(stem)]
            if gone:
                marks = ", ".join(["%s"] * len(gone))
                with connection.cursor() as cursor:
                    cursor.execute(f"DELETE FROM search_word WHERE stem IN ({marks})", gone)

    def _delete(self, kind: Kind, ids: Sequence[int]) -> None:
        if ids:
            marks = ", ".join(["%s"] * len(ids))
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {table(kind)} WHERE id IN ({marks})", ids)

    @abstractmethod
    def write(self, into: str, rows: Sequence[Row]) -> None:
        """Insert or replace, but never what is newer."""

    @abstractmethod
    def _stems_in(self, kind: Kind, ids: Sequence[int]) -> set[str]:
        """The words of these rows as they stand now."""

    @abstractmethod
    def learn(self, pairs: Iterable[tuple[str, str]]) -> None: ...

    @abstractmethod
    def _readable(self, kind: Kind, stems: Mapping[str, str], access: Expression) -> set[str]:
        """Those keys whose stem is in a row that `access` reaches."""

    @abstractmethod
    def _alike(self, word: str) -> list[str]:
        """Known words that share many trigrams with this one."""

    @abstractmethod
    def _holds_anywhere(self, stem: str) -> bool: ...
