"""PostgreSQL: a tsvector a face with a GIN index, and pg_trgm for typos where it may be installed.

The vector holds words and keys side by side; keys begin with "=", which no word does. So
permissions and filters are answered by the same index as the words.

GIN knows no order. To reach the newest matches of a common word without reading all of them, every
vector also says in which blocks of numbers its ticket lies, and a question asks for the newest of
these first (`_spans`), for as many as are enough.

GIN reads all that begins alike before it joins it with anything else. So the beginning of a word
becomes the words that are known to begin like it (`_spelt_out`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, assert_never

from django.db import connection, transaction

from apps.kernel.kept import Kept
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

_BLOCKS = {"v": 1_000, "w": 4_000, "x": 16_000, "y": 64_000, "z": 256_000}  # tickets
_FEW = 5_000  # matches that are read at once
_LAST_POSITION = 16_383  # PostgreSQL's limits
_POSITIONS = 100  # of one word, out of 255
_ENDINGS = 40  # words that a beginning may become
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
    blocks = (f"{letter}{key // size}" for letter, size in _BLOCKS.items())
    marks = (*row.face.keys, *blocks)
    return " ".join([*entries, *(f"'={mark}'" for mark in marks)])


def tsquery(asked: Expression) -> str:
    match asked:
        case Phrase(found, prefix):
            if prefix:
                raise TypeError("_spelt_out comes first")
            quoted = " <-> ".join(f"'{word}'" for word in found)
            return f"({quoted})"
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
        name = table(question.kind)
        where, *ranked_by = map(tsquery, _spelt_out(question.where, *question.ranked_by))
        spans = _spans_for(name, where, question)
        (rows,) = by_index(_newest_matches(name, where, spans, ranked_by, question))
        *candidates, (_, _, (seen, matches)) = rows
        # Those of the last span are not looked at once there are enough.
        is_capped = matches > CAP or (len(spans) > 1 and seen >= question.window)
        return Found(_scored(candidates), min(int(matches), CAP), is_capped=is_capped)

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
        exists = f"EXISTS (SELECT FROM {table(kind)} d WHERE d.vector @@ %s::tsquery)"
        (((newest,),),) = by_index(_newest(table(kind)))
        spans = _spans(newest)  # a common word is in the first of them
        one = f"SELECT %s WHERE {' OR '.join([exists] * len(spans))}"
        asked: list[str] = []
        for word, stem in stems.items():
            asked += [word, *(f"'{stem}' & {reach}{span}" for span in spans)]
        (found,) = by_index(Ask(" UNION ALL ".join([one] * len(stems)), asked))
        return {word for (word,) in found}

    def _known(self, wanted: Sequence[str]) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT word FROM search_word WHERE word = ANY(%s)", [list(wanted)])
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
        (found,) = by_index(Ask(both, [f"'{stem}'"] * len(Kind)))
        return bool(found)


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
        new: set[tuple[str, str]] = set()
        with (
            connection.cursor() as cursor,
            cursor.copy(
                f"COPY {self._shadow} (id, version, created_at, updated_at, vector) FROM STDIN"
            ) as copy,
        ):
            for document in documents:
                for row in rows_of(document):
                    at = row.created_at, row.updated_at
                    copy.write_row((row.id, row.version, *at, vector(row)))
                new |= known_words([document])
        new -= self._words
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
    """Which documents hold words and keys: every question of `find`.

    New documents wait in a list that each question reads through: a short one, of a hundred.
    """
    cursor.execute(
        f"CREATE INDEX {name}_vector ON {name} USING gin (vector) "
        "WITH (gin_pending_list_limit = 256)"
    )


def make_tables(cursor: Any) -> None:
    """What the migration adds to the tables that Django made."""
    for kind in Kind:
        cursor.execute(f"ALTER TABLE {table(kind)} ADD COLUMN vector tsvector NOT NULL DEFAULT ''")
        make_vector_index(cursor, table(kind))


@dataclass(frozen=True, slots=True)
class Ask:
    """One statement with its parameters."""

    sql: str
    values: Sequence[Any] = ()


def by_index(*asked: Ask, settings: Mapping[str, str] = MappingProxyType({})) -> list[list[Any]]:
    """The rows of each, through the index, whatever the planner thinks of rare words.

    One round trip: statements that are sent together are one transaction, and with it their
    settings end. Where they are part of a longer one, the last statements undo them.
    """
    chosen = {**_BY_INDEX, **settings}
    sets = Ask(
        f"SELECT {', '.join(['set_config(%s, %s, true)'] * len(chosen))}",
        [text for pair in chosen.items() for text in pair],
    )
    undone = (Ask(f"SET LOCAL {name} TO DEFAULT") for name in chosen)
    sent = [sets, *asked, *undone]
    with connection.cursor() as cursor:
        cursor.execute(
            ";".join(one.sql for one in sent), [value for one in sent for value in one.values]
        )
        answers = []
        for _ in asked:
            cursor.nextset()
            answers.append(cursor.fetchall())
    return answers


def _look_for_trigrams() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        return cursor.fetchone() is not None


has_trigrams: Kept[bool] = Kept(_look_for_trigrams)


def _spelt_out(*asked: Expression) -> list[Expression]:
    """The same, with beginnings replaced by the words that they may become."""
    begun = {part.words[-1] for one in asked for part in _phrases(one) if part.prefix}
    endings = {word: _beginning_with(word) for word in sorted(begun)}
    return [_spell_out(one, endings) for one in asked]


def _spell_out(asked: Expression, endings: Mapping[str, Sequence[str]]) -> Expression:
    match asked:
        case Phrase((*before, last), prefix=True):
            return Or(tuple(Phrase((*before, word)) for word in endings[last]))
        case And(parts):
            return And(tuple(_spell_out(part, endings) for part in parts))
        case Or(parts):
            spelt = [_spell_out(part, endings) for part in parts]
            flat = (
                one for part in spelt for one in (part.parts if isinstance(part, Or) else [part])
            )
            return Or(tuple(dict.fromkeys(flat)))
        case Not(part):
            return Not(_spell_out(part, endings))
        case _:
            return asked


def _phrases(asked: Expression) -> Iterator[Phrase]:
    match asked:
        case Phrase():
            yield asked
        case And(parts) | Or(parts):
            for part in parts:
                yield from _phrases(part)
        case Not(part):
            yield from _phrases(part)


def _beginning_with(word: str) -> list[str]:
    """The shortest known words that begin so, by their stems, and the word itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT length(stem), stem FROM search_word WHERE word LIKE %s "
            "ORDER BY 1, 2 LIMIT %s",
            [f"{word}%", _ENDINGS],
        )
        return list(dict.fromkeys([word, *(stem for _, stem in cursor)]))


def _newest(name: str) -> Ask:
    return Ask(f"SELECT coalesce(max(id), 0) / 2 FROM {name}")


def _spans_for(name: str, where: str, question: Question) -> list[str]:
    """Where to look, and in which order: the planner's estimate of the matches says so.

    It never decides what is found. Words that go together are commoner than the planner thinks:
    the first span is a quarter of what should do.
    """
    plan = Ask(f"EXPLAIN (FORMAT JSON) SELECT FROM {name} d WHERE d.vector @@ %s::tsquery", [where])
    ((newest,),), ((told,),) = by_index(_newest(name), plan)
    expected = int((json.loads(told) if isinstance(told, str) else told)[0]["Plan"]["Plan Rows"])
    if expected < _FEW:
        return [""]
    newest = question.newest if question.newest is not None else newest
    return _spans(newest, question.window * newest / max(1, expected) / 4)


def _newest_matches(
    name: str, where: str, spans: Sequence[str], ranked_by: Sequence[str], question: Question
) -> Ask:
    """A window of matches, the newest first, with the rank of each; the last row counts.

    Its two numbers are the matches in all spans but the last, and in all. A span is looked at
    only if those before it hold less than a window.
    """
    extra, values = conditions(question)
    looks, params, before = [], list[Any](), ""
    for at, span in enumerate(spans):
        # OFFSET 0: the planner may not walk the ids and look at each vector on its way.
        looks.append(
            f"s{at} AS MATERIALIZED (SELECT id FROM (SELECT d.id FROM {name} d "
            f"WHERE d.vector @@ %s::tsquery{extra}{f' AND {before} < %s' * bool(before)} OFFSET 0) "
            f"span ORDER BY id DESC LIMIT {CAP + 1})"
        )
        params += [f"{where}{span}", *values, *[question.window] * bool(before)]
        before += f"{' + ' * bool(before)}(SELECT count(*) FROM s{at})"
    every = " UNION ALL ".join(f"SELECT id FROM s{at}" for at in range(len(spans)))
    ranks = [f"ts_rank('{_WEIGHTS}', d.vector, %s::tsquery)" for _ in ranked_by]
    return Ask(
        f"WITH {', '.join(looks)}, found AS (SELECT id FROM ({every}) f ORDER BY id DESC LIMIT %s) "
        f"(SELECT d.id, d.updated_at, ARRAY[{', '.join(ranks or ['1'])}]::real[] "
        f"FROM {name} d WHERE d.id = ANY(ARRAY(SELECT id FROM found)) ORDER BY d.id DESC) "
        f"UNION ALL SELECT 0, NULL, "
        f"ARRAY[{before} - (SELECT count(*) FROM s{len(spans) - 1}), {before}]::real[]",
        [*params, question.window, *ranked_by],
    )


def _spans(newest: int, likely: float = 0) -> list[str]:
    """Conditions that part all documents by age, the newest first; the first may hold `likely`."""
    spans, nearer = [], ""
    for letter, size in _BLOCKS.items():
        if size < likely:
            continue
        if newest < 2 * size:
            break
        numbers = newest // size, newest // size - 1
        blocks = [f"'={letter}{number}'" for number in numbers]
        spans.append(f" & ({' | '.join(blocks)}){nearer}")
        nearer = "".join(f" & !{block}" for block in blocks)
    return [*spans, nearer]


def _scored(rows: Sequence[tuple[int, datetime, list[float]]]) -> tuple[Candidate, ...]:
    """A match's score is the sum of its words' ranks; of several, rare ones weigh more."""
    by_word = zip(*(ranks for *_, ranks in rows), strict=True)
    with_word = [sum(rank > 0 for rank in ranks) for ranks in by_word]
    rarity = [math.log(1 + len(rows) / (1 + held)) for held in with_word]
    return tuple(
        Candidate(
            pk // 2,
            sum(rank * rare for rank, rare in zip(ranks, rarity, strict=True)),
            updated_at,
        )
        for pk, updated_at, ranks in rows
    )
