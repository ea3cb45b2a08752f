"""The orders of the queue, and pages in them that begin where the one before ended.

No OFFSET: a page is asked for by the marks of a row, written so that an index can begin there
(ADR 6). Each order has its index in apps.tickets.models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.tickets.querysets import TicketQuerySet

Mark = tuple[Any, ...]
_SEPARATOR = "~"
_NUMBERS = {"priority", "pk"}
_DIGITS = 18  # of a number that a database takes
_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    falling: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """`needs` is a column without which a ticket has no place in this order."""

    key: str
    label: str | Promise
    columns: tuple[Column, ...]
    needs: str = ""

    def sort(self, rows: TicketQuerySet, *, backwards: bool = False) -> TicketQuerySet:
        if self.needs:
            rows = rows.filter(**{f"{self.needs}__isnull": False})
        keys = [
            F(c.name).desc() if c.falling != backwards else F(c.name).asc() for c in self.columns
        ]
        return rows.order_by(*keys)

    def beyond(
        self, rows: TicketQuerySet, mark: Mark, *, backwards: bool = False
    ) -> TicketQuerySet:
        """The rows after the mark, or before it."""
        words = ["lt" if c.falling != backwards else "gt" for c in self.columns]
        rest = Q(**{f"{self.columns[-1].name}__{words[-1]}": mark[-1]})
        for column, word, value in list(zip(self.columns, words, mark, strict=True))[-2::-1]:
            past = Q(**{f"{column.name}__{word}": value})
            rest = Q(**{f"{column.name}__{word}e": value}) & (past | rest)
        return rows.filter(rest)

    def mark(self, row: Mapping[str, Any]) -> str:
        """What an address keeps of a row's place."""
        values = (row[column.name] for column in self.columns)
        return _SEPARATOR.join(
            value.isoformat() if isinstance(value, datetime) else str(value) for value in values
        )

    def read(self, text: str) -> Mark | None:
        """The mark in an address; None if it is none of this order."""
        parts = text.split(_SEPARATOR)
        if len(parts) != len(self.columns):
            return None
        mark = tuple(_value(c.name, part) for c, part in zip(self.columns, parts, strict=True))
        return None if None in mark else mark

    def key_of(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Sorts rows in Python as the database does."""
        return tuple(
            -_number(row[c.name]) if c.falling else _number(row[c.name]) for c in self.columns
        )


def _number(value: Any) -> Any:
    """Whole microseconds: a float would lose some."""
    return (value - _EPOCH) // _TICK if isinstance(value, datetime) else value


def _value(name: str, text: str) -> Any:
    if name in _NUMBERS:
        return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
    try:
        moment = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


_BY_ACTIVITY = (Column("updated_at", falling=True), Column("pk", falling=True))

ORDERS: dict[str, Order] = {
    order.key: order
    for order in (
        Order("activity", _("Last activity"), _BY_ACTIVITY),
        Order("oldest", _("Oldest first"), (Column("raised_at"), Column("pk"))),
        Order("priority", _("Priority"), (Column("priority"), *_BY_ACTIVITY)),
        Order("due", _("Due first"), (Column("next_due_at"), Column("pk")), needs="next_due_at"),
        Order(
            "waiting",
            _("Waiting longest"),
            (Column("waiting_since"), Column("pk")),
            needs="waiting_since",
        ),
    )
}
