"""Queries whose SQL is made once: making it takes longer than what PostgreSQL then does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

Row = TypeVar("Row", bound=Model)
Value = int | str

_MOST = 2**63 - 1  # the largest whole number that a column holds
_INT, _STR = -1_000_000_000, "\ue000"  # what no row holds


class Compiled(Generic[Row]):
    """Rows of `build(*values)`, a queryset of one shape: only the values differ between calls.

    Values are whole numbers and text, and each goes into the query as it is. The queryset may join
    (select_related) and have a limit; it may not prefetch, defer or give anything but rows.
    """

    def __init__(self, build: Callable[..., QuerySet[Row]]) -> None:
        self._build = build
        self._local = threading.local()  # a compiler belongs to its thread's connection

    def __call__(self, *values: Value) -> list[Row]:
        shape: _Shape[Row] | None = getattr(self._local, "shape", None)
        if shape is None:
            shape = self._local.shape = _shape(self._build, values)
        return shape.rows(values)

    def first(self, *values: Value) -> Row | None:
        return next(iter(self(*values)), None)


@dataclass(slots=True)
class _Shape(Generic[Row]):
    model: type[Row]
    compiler: Any
    sql: str
    params: list[Any]
    places: list[tuple[int, int]]  # which parameter takes which value
    converters: Any
    names: list[str]
    span: slice  # of the row's own columns
    populators: Any  # of what was joined

    def rows(self, values: Sequence[Value]) -> list[Row]:
        if any(isinstance(value, int) and abs(value) > _MOST for value in values):
            return []
        params = list(self.params)
        for place, number in self.places:
            params[place] = values[number]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            found: Any = cursor.fetchall()
        if self.converters:
            found = self.compiler.apply_converters(found, self.converters)
        return [self._row(row) for row in found]

    def _row(self, row: Any) -> Row:
        made = self.model.from_db(connection.alias, self.names, row[self.span])
        for populator in self.populators:
            populator.populate(row, made)
        return made


def _shape(build: Callable[..., QuerySet[Row]], values: Sequence[Value]) -> _Shape[Row]:
    markers: list[Value] = [
        _INT - place if isinstance(value, int) else f"{_STR}{place}"
        for place, value in enumerate(values)
    ]
    queryset = build(*markers)
    compiler: Any = queryset.query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    fields = compiler.klass_info["select_fields"]
    expressions = [column[0] for column in compiler.select[: compiler.col_count]]
    places = [(at, markers.index(param)) for at, param in enumerate(params) if param in markers]
    if {number for _, number in places} != set(range(len(markers))):
        raise TypeError("each value must stand in the query as it is")
    return _Shape(
        model=queryset.model,
        compiler=compiler,
        sql=sql,
        params=list(params),
        places=places,
        converters=compiler.get_converters(expressions),
        names=[compiler.select[place][0].target.attname for place in fields],
        span=slice(fields[0], fields[-1] + 1),
        populators=get_related_populators(  # type: ignore[call-arg]  # the stubs are of Django 6
            compiler.klass_info, compiler.select, connection.alias
        ),
    )
