"""Many rows at once: COPY on PostgreSQL, bulk inserts elsewhere. Ids are given beforehand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from operator import attrgetter

from django.core.management.color import no_style
from django.db import connection
from django.db.models import JSONField, Max, Model
from psycopg.types.json import Jsonb


class Writer:
    """Keeps rows until `flush`, then stores them, in the order in which models first came."""

    def __init__(self) -> None:
        self._rows: dict[type[Model], list[Model]] = {}
        self._ids: dict[type[Model], Iterator[int]] = {}

    def next_id(self, model: type[Model]) -> int:
        """The next id of a table. Nobody else may insert into it meanwhile."""
        if model not in self._ids:
            last = model._default_manager.aggregate(last=Max("pk"))["last"] or 0
            self._ids[model] = itertools.count(last + 1)
        return next(self._ids[model])

    def add(self, row: Model) -> None:
        self._rows.setdefault(type(row), []).append(row)

    def flush(self) -> None:
        """Store what was added. Run it in a transaction: all of it, or nothing."""
        for model, rows in self._rows.items():
            if connection.vendor == "postgresql":
                _copy(model, rows)
            else:
                model._default_manager.bulk_create(rows, batch_size=2000)
            rows.clear()

    def finish(self) -> None:
        """Let the database number the next rows after ours."""
        self.flush()
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), list(self._ids)):
                cursor.execute(statement)


def _copy(model: type[Model], rows: Sequence[Model]) -> None:
    if not rows:
        return
    fields = model._meta.concrete_fields
    quote = connection.ops.quote_name
    columns = ", ".join(quote(f.column or "") for f in fields)
    table = quote(model._meta.db_table)
    values_of = attrgetter(*(f.attname for f in fields))
    # psycopg knows every plain value as it is; asking each field would double the demo's time.
    json = [place for place, f in enumerate(fields) if isinstance(f, JSONField)]
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            values = list(values_of(row))
            for place in json:
                values[place] = Jsonb(values[place])
            copy.write_row(values)
