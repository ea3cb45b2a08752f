"""One page of the queue: plain rows, two queries, no count and no OFFSET."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from apps.kernel.actors import Actor
from apps.kernel.compiled import Compiled, CompiledFor, padded
from apps.tickets import reference
from apps.tickets.filters import MINE, Filter
from apps.tickets.models import Ticket, TicketTag
from apps.tickets.orders import ORDERS, Order

PAGE = 30
_MOST = 100  # filters whose query is kept
NEWS = 20  # as many as the quiet bar tells apart
COLUMNS = (
    "pk",
    "subject",
    "status_category",
    "status_id",
    "priority",
    "is_major_incident",
    "requester__name",
    "requester__email",
    "organisation__name",
    "team_id",
    "assignee__name",
    "assignee__email",
    "assignee_id",
    "category_id",
    "raised_at",
    "updated_at",
    "waiting_since",
    "next_due_at",
    "scheduled_until",
)

_NEVER = datetime.max.replace(tzinfo=UTC)  # asked of nothing that depends on it

Row = dict[str, Any]


@dataclass(slots=True)
class Page:
    """`newer` and `older` are marks of where to go on; "" where there is nothing."""

    rows: list[Row]
    newer: str = ""
    older: str = ""
    tags: Mapping[int, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is listed, for whom."""

    filter: Filter
    order: Order
    actor: Actor
    now: datetime
    parents: Mapping[int, int | None]

    def page(self, *, after: str = "", before: str = "") -> Page:
        """The page after a mark, or the one before it; without one the first."""
        back, forth = self.order.read(before), self.order.read(after)
        rows = self._rows(back or forth, backwards=back is not None)
        more = len(rows) > PAGE
        rows = rows[:PAGE]
        if back is not None:
            rows.reverse()
            if not more:
                return self.page()  # the beginning: a whole page of it
        page = Page(rows)
        if rows:
            page.older = self.order.mark(rows[-1]) if more or back is not None else ""
            page.newer = self.order.mark(rows[0]) if back or forth else ""
        page.tags = tags_of([row["pk"] for row in rows])
        return page

    def _rows(self, mark: tuple[Any, ...] | None, *, backwards: bool) -> list[Row]:
        found: list[Row] = []
        for half in self.filter.halves():
            if mark is None and _is_always_alike(half, self.actor):
                asked = _first_page(half, self.order.key)(self.actor)
                found.extend(_named(dict(zip(COLUMNS, row, strict=True))) for row in asked)
                continue
            rows = half.apply(
                Ticket.objects.all(), actor=self.actor, now=self.now, parents=self.parents
            )
            rows = self.order.sort(rows, backwards=backwards)
            if mark is not None:
                rows = self.order.beyond(rows, mark, backwards=backwards)
            found.extend(_named(row) for row in rows.values(*COLUMNS)[: PAGE + 1])
        return sorted(found, key=self.order.key_of, reverse=backwards)

    def news(self, since: datetime) -> int:
        """How many of them changed since a moment, counted up to NEWS."""
        found = 0
        for half in self.filter.halves():
            rows = half.apply(
                Ticket.objects.all(), actor=self.actor, now=self.now, parents=self.parents
            )
            fresh = rows.filter(updated_at__gt=since).order_by("-updated_at", "-pk")
            found += len(fresh.values_list("pk")[:NEWS])
        return min(found, NEWS)


def _named(row: Row) -> Row:
    """With the names that are kept: three joins less take most of the planning away."""
    named = reference.names(row["status_id"], row["category_id"], row["team_id"])
    row["status__agent_label"], row["category__name"], row["team__name"] = named
    return row


def tags_of(tickets: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    ids = padded(tickets) if tickets else []
    for ticket, name in _tags(len(ids))(*ids) if ids else ():
        found.setdefault(ticket, []).append(name)
    return found


@functools.cache
def _tags(_count: int) -> Compiled[tuple[int, str]]:
    return Compiled(
        lambda *ids: (
            TicketTag.objects.filter(ticket__in=ids)
            .order_by("tag__name")
            .values_list("ticket_id", "tag__name")
        )
    )


@functools.lru_cache(maxsize=_MOST)
def _first_page(half: Filter, order: str) -> CompiledFor[tuple[Any, ...]]:
    """What most pages of the queue ask: whose it is goes into the query each time."""

    def ask(actor: Actor) -> QuerySet[Any, tuple[Any, ...]]:
        rows = half.apply(Ticket.objects.all(), actor=actor, now=_NEVER, parents={})
        return ORDERS[order].sort(rows).values_list(*COLUMNS)[: PAGE + 1]

    return CompiledFor(ask)


def _is_always_alike(half: Filter, actor: Actor) -> bool:
    """Whether the query is the same at any time and for every tree of categories."""
    has_teams = bool(actor.team_ids) or MINE not in half.team
    return not half.due and not half.category and has_teams and actor.id is not None
