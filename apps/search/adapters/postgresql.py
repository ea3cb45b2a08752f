"""PostgreSQL: a tsvector a face with a GIN index, and pg_trgm for typos where it may be installed.

The vector holds words and keys side by side; keys begin with "=", which no word does. So
permissions and filters are answered by the same index as the words.

GIN knows no order. To reach the newest matches of a common word without reading all of them, every
vector also says in which ten and hundred thousand its ticket's number lies, and a question asks for
the newest of these first (`_spans`). PostgreSQL stops at the limit and never gets to the older.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType
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
from apps.search.errors import RebuildUnderWayError
from apps.search.expressions import And, Expression, Key, Not, Or, Phrase
from apps.search.index import CAP, Candidate, Changed, Found, Question

_NEAR, _FAR = 10_000, 100_000  # tickets
_LAST_POSITION = 16_383  # PostgreSQL's limits
_POSITIONS = 100  # of one word, out of 255
_GAP = 8  # between texts, so that no phrase reaches over
_BY_INDEX = {"enable_seqscan": "off", "jit": "off", "max_parallel_workers_per_gather": "0"}
_WEIGHTS = "{0.1, 0.2, 0.4, 1.0}"  # D (text) to A (title)


def vector(row: Row) -> str:
    """A face as a tsvector's literal. Words are letters and digits: nothing needs quoting."""
    places: dict[str, list[str]] = {}
    position = 0
    for stem in words.stems(row.face.title):
        position += 1
        places.setdefault(stem, []).append(f"{position}A")
    for text in row.face.texts:
        position += _GAP
        for stem in words.stems(text):
            position += 1
            places.setdefault(stem, []).append(str(min(position, _LAST_POSITION)))
    entries = [f"'{stem}':{','.join(at[:_POSITIONS])}" for stem, at in places.items()]
    key = row.id // 2
    marks = (*row.face.keys, f"n{key // _NEAR}", f"f{key // _FAR}")
    return " ".join([*entries, *(f"'={mark}'" for mark in marks)])


def tsquery(asked: Expression) -> str:
    match asked:
        case Phrase(found, prefix):
            quoted = " <-> ".join(f"'{word}'" for word in found)
            return f"({quoted}{':*' if prefix else ''})"
        case Key(name):
            return f"'={name}'"
        case And(parts):
            return f"({' & '.join(map(tsquery, parts))})"
        case Or(parts):
            return f"({' | '.join(map(tsquery, parts))})"
        case Not(part):
            return f"!({tsquery(part)})"
        case _:
            assert_never(asked)


class PostgresIndex(DatabaseIndex):
    def find(self, question: Question) -> Found:
        name, where = table(question.kind), tsquery(question.where)
        extra, values = conditions(question)
        # OFFSET 0: the planner may not walk the ids and look at each vector on its way.
        branch = f"""(SELECT id FROM (
            SELECT d.id FROM {name} d WHERE d.vector @@ %s::tsquery{extra} OFFSET 0
        ) span ORDER BY id DESC)"""
        ranks = [f"ts_rank('{_WEIGHTS}', d.vector, %s::tsquery)" for _ in question.ranked_by] or [
            "1"
        ]
        with by_index() as cursor:
            newest = question.newest if question.newest is not None else _newest(cursor, name)
            spans = _spans(newest)
            asked: list[Any] = [value for span in spans for value in (f"{where}{span}", *values)]
            cursor.execute(
                f"""
                WITH hit AS MATERIALIZED (
                    SELECT id, row_number() OVER () AS place
                    FROM ({" UNION ALL ".join([branch] * len(spans))} LIMIT {CAP + 1}) newest
                )
                SELECT (SELECT count(*) FROM hit), d.id, d.updated_at, ARRAY[{", ".join(ranks)}]
                FROM hit JOIN {name} d ON d.id = hit.id
                WHERE hit.place <= %s ORDER BY hit.place""",
                [*asked, *map(tsquery, question.ranked_by), question.window],
            )
            return _found(cursor.fetchall())

    @contextmanager
    def rebuild(self, kind: Kind, *, since: int) -> Iterator[PostgresRebuild]:
        shadow = f"{table(kind)}_next"
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [shadow])
            if not cursor.fetchone()[0]:
                raise RebuildUnderWayError
        try:
            yield PostgresRebuild(self, kind, since=since)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [shadow])

    def write(self, into: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        marks = ", ".join(["(%s, %s, %s, %s, %s::tsvector)"] * len(rows))
        values = [
            value
            for row in rows
            for value in (row.id, row.version, row.created_at, row.updated_at, vector(row))
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                INSERT INTO {into} AS d (id, version, created_at, updated_at, vector)
                VALUES {marks} ON CONFLICT (id) DO UPDATE SET version = excluded.version,
                created_at = excluded.created_at, updated_at = excluded.updated_at,
                vector = excluded.vector WHERE d.version <= excluded.version""",
                values,
            )

    def _stems_in(self, kind: Kind, ids: Sequence[int]) -> set[str]:
        if not ids:
            return set()
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT tsvector_to_array(vector) FROM {table(kind)} WHERE id = ANY(%s)",
                [list(ids)],
            )
            return {word for (found,) in cursor for word in found if not word.startswith("=")}

    def learn(self, pairs: Iterable[tuple[str, str]]) -> None:
        ordered = sorted(pairs)
        if ordered:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO search_word (word, stem) SELECT * FROM unnest(%s::text[], "
                    "%s::text[]) ON CONFLICT DO NOTHING",
                    [[word for word, _ in ordered], [stem for _, stem in ordered]],
                )

    def _readable(self, kind: Kind, stems: Mapping[str, str], access: Expression) -> set[str]:
        if not stems:
            return set()
        reach = tsquery(access)
        one = f"SELECT %s WHERE EXISTS (SELECT FROM {table(kind)} d WHERE d.vector @@ %s::tsquery)"
        with by_index() as cursor:
            cursor.execute(
                " UNION ALL ".join([one] * len(stems)),
                [value for word, stem in stems.items() for value in (word, f"'{stem}' & {reach}")],
            )
            return {word for (word,) in cursor}

    def _alike(self, word: str) -> list[str]:
        if not has_trigrams():
            return []
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT word FROM search_word WHERE word %% %s "
                "ORDER BY similarity(word, %s) DESC, word LIMIT 20",
                [word, word],
            )
            return [found for (found,) in cursor]

    def _holds_anywhere(self, stem: str) -> bool:
        both = " UNION ALL ".join(
            f"(SELECT 1 FROM {table(kind)} d WHERE d.vector @@ %s::tsquery LIMIT 1)"
            for kind in Kind
        )
        with by_index() as cursor:
            cursor.execute(both, [f"'{stem}'"] * len(Kind))
            return cursor.fetchone() is not None


class PostgresRebuild:
    """A table of the same make, filled without indexes, which are made at the end.

    Its row -1 says since which fact it is being built.
    """

    def __init__(self, index: PostgresIndex, kind: Kind, *, since: int) -> None:
        self._index, self._live = index, table(kind)
        self._shadow = f"{self._live}_next"
        self._words: set[tuple[str, str]] = set()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s) IS NULL", [self._shadow])
            if cursor.fetchone()[0]:
                cursor.execute(
                    f"CREATE TABLE {self._shadow} (LIKE {self._live} INCLUDING DEFAULTS "
                    "INCLUDING CONSTRAINTS INCLUDING STORAGE)"
                )
                cursor.execute(
                    f"INSERT INTO {self._shadow} VALUES (-1, %s, now(), now())",
                    [since],
                )
            cursor.execute(
                f"SELECT max(id) / 2, (SELECT version FROM {self._shadow} WHERE id = -1) "
                f"FROM {self._shadow}"
            )
            self.last, self.since = cursor.fetchone()

    def put(self, documents: Sequence[Document]) -> None:
        rows = [row for document in documents for row in rows_of(document)]
        with (
            connection.cursor() as cursor,
            cursor.copy(
                f"COPY {self._shadow} (id, version, created_at, updated_at, vector) FROM STDIN"
            ) as copy,
        ):
            for row in rows:
                copy.write_row((row.id, row.version, row.created_at, row.updated_at, vector(row)))
        new = known_words(documents) - self._words
        self._index.learn(new)
        self._words |= new

    def switch(self, changed: Callable[[], Changed]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {self._shadow} WHERE id = -1")
        make_indexes(self._shadow)
        self._replace(changed())
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {self._live} IN ACCESS EXCLUSIVE MODE")
            self._replace(changed())
            cursor.execute(f"DROP TABLE {self._live}")
            cursor.execute(f"ALTER TABLE {self._shadow} RENAME TO {self._live}")
            for index in ("pkey", "vector"):
                cursor.execute(f"ALTER INDEX {self._shadow}_{index} RENAME TO {self._live}_{index}")
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {self._live}")

    @transaction.atomic
    def _replace(self, changed: Changed) -> None:
        ids = rows_for(changed.keys)
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {self._shadow} WHERE id = ANY(%s)", [ids])
        for batch in batches(changed.documents):
            self._index.write(
                self._shadow, [row for document in batch for row in rows_of(document)]
            )


def make_indexes(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {name} ADD CONSTRAINT {name}_pkey PRIMARY KEY (id)")
        make_vector_index(cursor, name)


def make_vector_index(cursor: Any, name: str) -> None:
    """Which documents hold words and keys: every question of `find`."""
    cursor.execute(f"CREATE INDEX {name}_vector ON {name} USING gin (vector)")


def make_tables(cursor: Any) -> None:
    """What the migration adds to the tables that Django made."""
    for kind in Kind:
        cursor.execute(f"ALTER TABLE {table(kind)} ADD COLUMN vector tsvector NOT NULL DEFAULT ''")
        make_vector_index(cursor, table(kind))


@contextmanager
def by_index(settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[Any]:
    """A cursor whose questions go through the index, whatever the planner thinks of rare words.

    Its settings are undone at the end, with a transaction that has only read.
    """
    chosen = {**_BY_INDEX, **settings}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(['set_config(%s, %s, true)'] * len(chosen))}",
            [text for pair in chosen.items() for text in pair],
        )
        yield cursor
        transaction.set_rollback(True)


def has_trigrams() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        return cursor.fetchone() is not None


def _newest(cursor: Any, name: str) -> int:
    cursor.execute(f"SELECT coalesce(max(id), 0) / 2 FROM {name}")
    (newest,) = cursor.fetchone()
    return int(newest)


def _spans(newest: int) -> list[str]:
    """Conditions that part all documents by age, the newest first."""
    if newest < 2 * _NEAR:
        return [""]
    near = [f"'=n{newest // _NEAR - back}'" for back in (0, 1)]
    far = [f"'=f{newest // _FAR - back}'" for back in (0, 1) if newest // _FAR >= back]
    return [
        f" & ({' | '.join(near)})",
        f" & ({' | '.join(far)}) & !{near[0]} & !{near[1]}",
        "".join(f" & !{block}" for block in far),
    ]


def _found(rows: Sequence[tuple[int, int, datetime, list[float]]]) -> Found:
    """A match's score is the sum of its words' ranks; of several, rare ones weigh more."""
    if not rows:
        return Found((), 0)
    by_word = zip(*(ranks for *_, ranks in rows), strict=True)
    with_word = [sum(rank > 0 for rank in ranks) for ranks in by_word]
    rarity = [math.log(1 + len(rows) / (1 + held)) for held in with_word]
    return Found(
        tuple(
            Candidate(
                pk // 2,
                sum(rank * rare for rank, rare in zip(ranks, rarity, strict=True)),
                updated_at,
            )
            for _, pk, updated_at, ranks in rows
        ),
        rows[0][0],
    )
