"""SQLite: a table of FTS5 for each kind, whose rows carry words and keys in columns of their own.

What is stored there are the words as `apps.search.words` makes them, parted by blanks. FTS5 gives
matches in the order of their ids, so the newest come first by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, assert_never

from django.db import connection, transaction

from apps.search import words
from apps.search.adapters.base import (
    DatabaseIndex,
    Row,
    batches,
    conditions,
    known_words,
    rows_for,
    rows_of,
    table,
)
from apps.search.documents import Document, Kind
from apps.search.expressions import And, Expression, Key, Not, Or, Phrase
from apps.search.index import CAP, Candidate, Changed, Found, Question

_BETWEEN = " \ue000 "  # a sign that no word has: no phrase reaches from one text into the next
_COLUMNS = "title, body, keys"


def match(asked: Expression) -> str:
    """FTS5's own language. Words and keys are letters and digits, and quoted all the same."""
    match asked:
        case Phrase(found, prefix):
            return f'{{title body}} : "{" ".join(found)}"{" *" if prefix else ""}'
        case Key(name):
            return f'keys : "{name}"'
        case Or(parts):
            return " OR ".join(f"({match(part)})" for part in parts)
        case And(parts):
            sought = [part for part in parts if not isinstance(part, Not)]
            barred = [part.part for part in parts if isinstance(part, Not)]
            every = " AND ".join(f"({match(part)})" for part in sought)
            if not barred:
                return every
            return f"({every}) NOT ({' OR '.join(f'({match(part)})' for part in barred)})"
        case Not():
            raise TypeError("FTS5 can only take away from something: put Not into an And")
        case _:
            assert_never(asked)


class SqliteIndex(DatabaseIndex):
    def find(self, question: Question) -> Found:
        name, where = table(question.kind), match(question.where)
        extra, values = conditions(question)
        source = f"{name}_fts f JOIN {name} d ON d.id = f.rowid WHERE {name}_fts MATCH %s{extra}"
        rank = f"-bm25({name}_fts, 10.0, 1.0, 0.0)"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT d.id, d.updated_at, {rank} FROM {source} ORDER BY f.rowid DESC LIMIT %s",
                [where, *values, question.window],
            )
            candidates = tuple(
                Candidate(pk // 2, score, _moment(updated_at))
                for pk, updated_at, score in cursor.fetchall()
            )
            if len(candidates) < question.window:
                return Found(candidates, len(candidates))
            cursor.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM {source} LIMIT {CAP + 1})",
                [where, *values],
            )
            return Found(candidates, cursor.fetchone()[0])

    @contextmanager
    def rebuild(self, kind: Kind, *, since: int) -> Iterator[SqliteRebuild]:
        yield SqliteRebuild(self, kind, since=since)

    def write(self, into: str, rows: Sequence[Row]) -> None:
        with connection.cursor() as cursor:
            for row in rows:
                cursor.execute(f"SELECT version FROM {into} WHERE id = %s", [row.id])
                known = cursor.fetchone()
                if known is not None and known[0] > row.version:
                    continue
                cursor.execute(f"DELETE FROM {into} WHERE id = %s", [row.id])
                cursor.execute(
                    f"INSERT INTO {into} (id, version, created_at, updated_at) "
                    "VALUES (%s, %s, %s, %s)",
                    _plain(row),
                )
                cursor.execute(
                    f"INSERT INTO {into}_fts (rowid, {_COLUMNS}) VALUES (%s, %s, %s, %s)",
                    _text(row),
                )

    def _stems_in(self, kind: Kind, ids: Sequence[int]) -> set[str]:
        found: set[str] = set()
        with connection.cursor() as cursor:
            for pk in ids:
                cursor.execute(
                    f"SELECT title || ' ' || body FROM {table(kind)}_fts WHERE rowid = %s",
                    [pk],
                )
                found.update(word for (text,) in cursor for word in text.split())
        return found

    def learn(self, pairs: Iterable[tuple[str, str]]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO search_word (word, stem) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                sorted(pairs),
            )

    def _readable(self, kind: Kind, stems: Mapping[str, str], access: Expression) -> set[str]:
        found = set()
        with connection.cursor() as cursor:
            for word, stem in stems.items():
                cursor.execute(
                    f"SELECT 1 FROM {table(kind)}_fts WHERE {table(kind)}_fts MATCH %s LIMIT 1",
                    [match(And((Phrase((stem,)), access)))],
                )
                if cursor.fetchone():
                    found.add(word)
        return found

    def _alike(self, word: str) -> list[str]:
        """FTS5's trigrams find substrings; those that share the most of them come first."""
        parts = [word[at : at + 3] for at in range(len(word) - 2)]
        if not parts:
            return []
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT word FROM search_word_fts WHERE search_word_fts MATCH %s "
                "ORDER BY rank LIMIT 50",
                [" OR ".join(f'"{part}"' for part in parts)],
            )
            return [found for (found,) in cursor]

    def _holds_anywhere(self, stem: str) -> bool:
        asked = match(Phrase((stem,)))
        with connection.cursor() as cursor:
            for kind in Kind:
                cursor.execute(
                    f"SELECT 1 FROM {table(kind)}_fts WHERE {table(kind)}_fts MATCH %s LIMIT 1",
                    [asked],
                )
                if cursor.fetchone():
                    return True
        return False


class SqliteRebuild:
    """A second pair of tables; the full text takes the live one's place by its name.

    Its row -1 says since which fact it is being built.
    """

    def __init__(self, index: SqliteIndex, kind: Kind, *, since: int) -> None:
        self._index, self._live = index, table(kind)
        self._shadow = f"{self._live}_next"
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM sqlite_master WHERE name = %s", [self._shadow])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE TABLE {self._shadow} AS SELECT * FROM {self._live} LIMIT 0")
                _make_fts(cursor, self._shadow)
                cursor.execute(
                    f"INSERT INTO {self._shadow} VALUES (-1, %s, '', '')",
                    [since],
                )
            cursor.execute(
                f"SELECT max(id) / 2, (SELECT version FROM {self._shadow} WHERE id = -1) "
                f"FROM {self._shadow}"
            )
            self.last, self.since = cursor.fetchone()

    def put(self, documents: Sequence[Document]) -> None:
        with transaction.atomic():
            self._insert(self._shadow, documents)
            self._index.learn(known_words(documents))

    def switch(self, changed: Callable[[], Changed]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            late = changed()
            cursor.execute(f"DROP TRIGGER {self._live}_gone")
            cursor.execute(f"DROP TABLE {self._live}_fts")
            cursor.execute(f"DELETE FROM {self._live}")
            cursor.execute(f"ALTER TABLE {self._shadow}_fts RENAME TO {self._live}_fts")
            cursor.execute(f"INSERT INTO {self._live} SELECT * FROM {self._shadow} WHERE id > 0")
            cursor.execute(f"DROP TABLE {self._shadow}")
            _make_trigger(cursor, self._live)
            for batch in batches(rows_for(late.keys)):
                marks = ", ".join(["%s"] * len(batch))
                cursor.execute(f"DELETE FROM {self._live} WHERE id IN ({marks})", batch)
            self._insert(self._live, late.documents)

    def _insert(self, into: str, documents: Iterable[Document]) -> None:
        rows = [row for document in documents for row in rows_of(document)]
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {into} (id, version, created_at, updated_at) VALUES (%s, %s, %s, %s)",
                [_plain(row) for row in rows],
            )
            cursor.executemany(
                f"INSERT INTO {into}_fts (rowid, {_COLUMNS}) VALUES (%s, %s, %s, %s)",
                [_text(row) for row in rows],
            )


def make_tables(cursor: Any) -> None:
    """What the migration puts beside the tables that Django made."""
    for kind in Kind:
        _make_fts(cursor, table(kind))
        _make_trigger(cursor, table(kind))
    cursor.execute("CREATE VIRTUAL TABLE search_word_fts USING fts5(word, tokenize = 'trigram')")
    cursor.execute(
        "CREATE TRIGGER search_word_new AFTER INSERT ON search_word BEGIN "
        "INSERT INTO search_word_fts (rowid, word) VALUES (new.rowid, new.word); END"
    )
    cursor.execute(
        "CREATE TRIGGER search_word_gone AFTER DELETE ON search_word BEGIN "
        "DELETE FROM search_word_fts WHERE rowid = old.rowid; END"
    )


def _make_fts(cursor: Any, name: str) -> None:
    cursor.execute(
        f"CREATE VIRTUAL TABLE {name}_fts USING fts5("
        f"{_COLUMNS}, tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3')"
    )


def _make_trigger(cursor: Any, name: str) -> None:
    """The text goes with its row, whoever deletes it."""
    cursor.execute(
        f"CREATE TRIGGER {name}_gone AFTER DELETE ON {name} BEGIN "
        f"DELETE FROM {name}_fts WHERE rowid = old.id; END"
    )


def _plain(row: Row) -> tuple[Any, ...]:
    adapt = connection.ops.adapt_datetimefield_value
    return row.id, row.version, adapt(row.created_at), adapt(row.updated_at)


def _text(row: Row) -> tuple[Any, ...]:
    body = _BETWEEN.join(" ".join(words.stems(text)) for text in row.face.texts)
    return row.id, " ".join(words.stems(row.face.title)), body, " ".join(sorted(row.face.keys))


def _moment(value: datetime | str) -> datetime:
    """SQLite gives times as text, in UTC."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
