"""Queries whose SQL is made once: making it takes longer than what PostgreSQL then does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import QuerySet
from django.db.models.query import (
    FlatValuesListIterable,
    ValuesListIterable,
    get_related_populators,
)

from apps.kernel.actors import Actor

Row = TypeVar("Row")
Value = int | str | datetime

_MOST = 2**63 - 1  # the largest whole number that a column holds
_INT, _STR = -1_000_000_000, "\ue000"  # what no row holds
_MOMENT = datetime(1, 1, 2, tzinfo=UTC)
_STEP = 10  # values of an IN
_KINDS = 64  # of actors; more than a desk has roles


class Compiled(Generic[Row]):
    """Rows of `build(*values)`, a queryset of one shape: only the values differ between calls.

    Values are whole numbers, text and moments, and each goes into the query as it is. The queryset
    may join (select_related), have a limit, or give tuples (values_list); it may not prefetch or
    defer.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        self._build = build
        self._local = threading.local()  # a compiler belongs to its thread's connection

    def __call__(self, *values: Value) -> list[Row]:
        return _rows(self.asked(*values))

    def asked(self, *values: Value) -> Asked:
        """The question, for `together`."""
        shape: _Shape | None = getattr(self._local, "shape", None)
        if shape is None:
            markers = _markers(values)
            shape = self._local.shape = _shape(self._build(*markers), markers)
        return Asked(shape, values)

    def first(self, *values: Value) -> Row | None:
        return next(iter(self(*values)), None)


class CompiledFor(Generic[Row]):
    """The same for `build(actor, *values)`, made once for each kind of actor.

    Actors of one kind have the same permissions and as many teams: whom it is for, in which
    organisation and which teams these are goes into the query each time.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        self._build = build
        self._local = threading.local()

    def __call__(self, actor: Actor, *values: Value) -> list[Row]:
        return _rows(self.asked(actor, *values))

    def asked(self, actor: Actor, *values: Value) -> Asked:
        shapes: dict[object, _Shape] = self._local.__dict__.setdefault("shapes", {})
        ids, kind = _ids(actor), _kind(actor)
        shape = shapes.get(kind)
        if shape is None:
            if len(shapes) == _KINDS:
                shapes.clear()
            markers = _markers((*ids, *values))
            own, others = markers[: len(ids)], markers[len(ids) :]
            built = self._build(_with_ids(actor, own), *others)
            shape = shapes[kind] = _shape(built, markers, optional=len(ids))
        return Asked(shape, (*ids, *values))

    def first(self, actor: Actor, *values: Value) -> Row | None:
        return next(iter(self(actor, *values)), None)


@dataclass(frozen=True, slots=True)
class Asked:
    """One query with its values."""

    shape: _Shape
    values: Sequence[Value]


def padded(ids: Sequence[int]) -> list[int]:
    """At least one id, the last one repeated up to the next ten: one query serves as many."""
    return [*ids, *[ids[-1]] * (-len(ids) % _STEP)]


def together(*asked: Asked) -> list[list[Any]]:
    """The rows of each, in one round trip where the database takes several queries at once."""
    if connection.vendor != "postgresql" or not all(_can_be(one.values) for one in asked):
        return [_rows(one) for one in asked]
    with connection.cursor() as cursor:
        cursor.execute(
            ";".join(one.shape.sql for one in asked),
            [param for one in asked for param in one.shape.params_with(one.values)],
        )
        answers = []
        for one in asked:
            answers.append(one.shape.dressed(cursor.fetchall()))
            cursor.nextset()
    return answers


def _rows(asked: Asked) -> list[Any]:
    if not _can_be(asked.values):
        return []
    with connection.cursor() as cursor:
        cursor.execute(asked.shape.sql, asked.shape.params_with(asked.values))
        return asked.shape.dressed(cursor.fetchall())


def _can_be(values: Sequence[Value]) -> bool:
    return not any(isinstance(value, int) and abs(value) > _MOST for value in values)


def _kind(actor: Actor) -> object:
    teams, hidden = len(actor.team_ids), len(actor.hidden_team_ids)
    has = actor.id is not None, actor.shared_organisation_id is not None
    return actor.kind, actor.permissions, teams, hidden, has


def _ids(actor: Actor) -> list[int]:
    ids = [actor.id, actor.shared_organisation_id]
    return [
        *(pk for pk in ids if pk is not None),
        *sorted(actor.team_ids),
        *sorted(actor.hidden_team_ids),
    ]


def _with_ids(actor: Actor, ids: Sequence[Any]) -> Actor:
    """An actor of the same kind with other ids: the order is that of `_ids`."""
    left = iter(ids)
    return Actor(
        kind=actor.kind,
        id=next(left) if actor.id is not None else None,
        permissions=actor.permissions,
        shared_organisation_id=next(left) if actor.shared_organisation_id is not None else None,
        team_ids=frozenset(next(left) for _ in actor.team_ids),
        hidden_team_ids=frozenset(left),
    )


@dataclass(slots=True)
class _Shape:
    compiler: Any
    sql: str
    params: list[Any]
    places: list[tuple[int, int]]  # which parameter takes which value
    converters: Any
    dress: Callable[[Any], Any]  # a row as the queryset gives it

    def params_with(self, values: Sequence[Value]) -> list[Any]:
        params = list(self.params)
        for place, number in self.places:
            params[place] = _adapted(values[number])
        return params

    def dressed(self, rows: Any) -> list[Any]:
        if self.converters:
            rows = self.compiler.apply_converters(rows, self.converters)
        return [self.dress(row) for row in rows]


def _markers(values: Sequence[Value]) -> list[Value]:
    return [_marker(value, place) for place, value in enumerate(values)]


def _marker(value: Value, place: int) -> Value:
    match value:
        case datetime():
            return _MOMENT + timedelta(days=place)
        case int():
            return _INT - place
        case _:
            return f"{_STR}{place}"


def _adapted(value: Value) -> object:
    """As the database's own adapter has it: SQLite keeps moments as text."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def _shape(queryset: QuerySet[Any, Any], markers: Sequence[Value], *, optional: int = 0) -> _Shape:
    """The first markers may be missing in the query if they are `optional`."""
    compiler: Any = queryset.query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    known = [_adapted(marker) for marker in markers]
    places = [(at, known.index(param)) for at, param in enumerate(params) if param in known]
    if not set(range(optional, len(markers))) <= {number for _, number in places}:
        raise TypeError("each value must stand in the query as it is")
    expressions = [column[0] for column in compiler.select[: compiler.col_count]]
    return _Shape(
        compiler=compiler,
        sql=sql,
        params=list(params),
        places=places,
        converters=compiler.get_converters(expressions),
        dress=_dresser(queryset, compiler),
    )


def _dresser(queryset: QuerySet[Any, Any], compiler: Any) -> Callable[[Any], Any]:
    gives = queryset._iterable_class  # noqa: SLF001 - says rows, tuples or plain values
    if gives is FlatValuesListIterable:
        return itemgetter(0)
    if gives is ValuesListIterable:
        return tuple
    model, fields = queryset.model, compiler.klass_info["select_fields"]
    names = [compiler.select[place][0].target.attname for place in fields]
    span = slice(fields[0], fields[-1] + 1)  # of the row's own columns
    populators = get_related_populators(  # type: ignore[call-arg]  # the stubs are of Django 6
        compiler.klass_info, compiler.select, connection.alias
    )

    def row_of(row: Any) -> Any:
        made = model.from_db(connection.alias, names, row[span])
        for populator in populators:
            populator.populate(row, made)
        return made

    return row_of
