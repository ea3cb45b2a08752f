"""Which tickets somebody wants to see: a closed vocabulary, the same in a link and in a row.

Pure but for `apply`. `from_query` reads what people type into an address and drops what it doesn't
know; `from_json` reads what we stored ourselves and refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from urllib.parse import urlencode

from django.db.models import Q, Subquery
from django.http import QueryDict

from apps.kernel.actors import Actor
from apps.tickets.errors import FilterRefusedError
from apps.tickets.models import Channel, TicketTag
from apps.tickets.querysets import TicketQuerySet
from apps.tickets.statuses import ACTIVE, FINISHED, StatusCategory

SCHEMA = 1  # of the JSON: a view that a later release made is refused, not misread
MOST_VALUES = 50  # of one field

ME, MINE, NOBODY = "me", "mine", "none"
DUE: dict[str, timedelta] = {
    "late": timedelta(0),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
}
_ID = re.compile(r"[1-9][0-9]{0,17}")
_TAG = re.compile(r"\w[\w \-]{0,39}")


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None and text.isascii()


def _is_tag(text: str) -> bool:
    return _TAG.fullmatch(text) is not None and text == text.lower()


def _one_of(*words: str, ids: bool = False) -> Callable[[str], bool]:
    return lambda text: text in words or (ids and _is_id(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Values of one field are alternatives, but tags: all of them. Fields add up.

    No status means every active one. `team` and `assignee` are ids, "mine", "me" and "none";
    a category stands for those below it too. `due` names a time from now, see DUE.
    """

    status: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    assignee: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    requester: tuple[str, ...] = ()
    organisation: tuple[str, ...] = ()
    due: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    major: tuple[str, ...] = ()

    KNOWN: ClassVar[Mapping[str, Callable[[str], bool]]] = {
        "status": _one_of(*StatusCategory),
        "team": _one_of(MINE, NOBODY, ids=True),
        "assignee": _one_of(ME, NOBODY, ids=True),
        "priority": _one_of("1", "2", "3", "4", "5"),
        "category": _one_of(NOBODY, ids=True),
        "tag": _is_tag,
        "channel": _one_of(*Channel.values),
        "requester": _is_id,
        "organisation": _is_id,
        "due": _one_of(*DUE),
        "waiting": _one_of("yes"),
        "major": _one_of("yes"),
    }

    @classmethod
    def of(cls, **values: Iterable[str]) -> Self:
        """Each value once, in a fixed order: equal filters are written the same.

        Raises FilterRefusedError.
        """
        for name, given in values.items():
            known = cls.KNOWN.get(name)
            if known is None or isinstance(given, str):
                raise FilterRefusedError
            values[name] = tuple(sorted({str(value) for value in given}))
            if len(values[name]) > MOST_VALUES or not all(map(known, values[name])):  # type: ignore[arg-type]
                raise FilterRefusedError
        return cls(**{name: tuple(given) for name, given in values.items()})

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        """What an address says. Unknown words are dropped: the page shows what is left."""
        return cls.of(
            **{
                name: [value for value in query.getlist(name) if known(value)][:MOST_VALUES]
                for name, known in cls.KNOWN.items()
                if name in query
            }
        )

    @classmethod
    def from_json(cls, stored: Any) -> Self:
        """What `to_json` gave. Raises FilterRefusedError."""
        if not isinstance(stored, dict) or stored.get("schema") != SCHEMA:
            raise FilterRefusedError
        values = {name: given for name, given in stored.items() if name != "schema"}
        if not all(isinstance(given, list) for given in values.values()):
            raise FilterRefusedError
        return cls.of(**values)

    def given(self) -> dict[str, tuple[str, ...]]:
        """The fields that say something."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: values for name, values in named.items() if values}

    def to_json(self) -> dict[str, Any]:
        return {"schema": SCHEMA, **{name: list(given) for name, given in self.given().items()}}

    def to_query(self) -> str:
        return urlencode(self.given(), doseq=True)

    @property
    def statuses(self) -> frozenset[str]:
        return frozenset(self.status) or frozenset(ACTIVE)

    def halves(self) -> list[Self]:
        """Filters that an index serves each: active tickets and finished ones have their own."""
        parts = [self.statuses & ACTIVE, self.statuses & FINISHED]
        return [replace(self, status=tuple(sorted(part))) for part in parts if part]

    def apply(
        self,
        rows: TicketQuerySet,
        *,
        actor: Actor,
        now: datetime,
        parents: Mapping[int, int | None],
    ) -> TicketQuerySet:
        """Those of the rows that fit and that the actor may see.

        `parents` is the tree of categories: each id's parent.
        """
        rows = rows.visible_to(actor)
        rows = rows.active() if self.statuses == ACTIVE else rows.in_status(self.statuses)
        for name, condition in self.conditions(actor, parents).items():
            if name != "tag":
                rows = rows.filter(condition)
        for tag in self.tag:
            tagged = TicketTag.objects.filter(tag__name=tag).values("ticket_id")
            rows = rows.filter(pk__in=Subquery(tagged))
        if self.due:
            latest = max(now + DUE[word] for word in self.due)
            rows = rows.filter(next_due_at__isnull=False, next_due_at__lte=latest)
        return rows

    def conditions(self, actor: Actor, parents: Mapping[int, int | None]) -> dict[str, Q]:
        """The fields that compare a column of the ticket, each as a condition on it."""
        found: dict[str, Q] = {}
        if self.team:
            found["team"] = _ids("team_id", self.team, MINE, actor.team_ids)
        if self.assignee:
            found["assignee"] = _ids("assignee_id", self.assignee, ME, [actor.id or 0])
        if self.category:
            below = subtree({int(c) for c in self.category if c != NOBODY}, parents)
            found["category"] = _ids("category_id", self.category, "", below)
        if self.priority:
            found["priority"] = Q(priority__in=[int(p) for p in self.priority])
        if self.channel:
            found["channel"] = Q(channel__in=self.channel)
        for name in ("requester", "organisation"):
            if chosen := getattr(self, name):
                found[name] = Q(**{f"{name}_id__in": [int(pk) for pk in chosen]})
        if self.waiting:
            found["waiting"] = Q(waiting_since__isnull=False)
        if self.major:
            found["major"] = Q(is_major_incident=True)
        return found


def _ids(column: str, words: Iterable[str], own: str, ids: Collection[int]) -> Q:
    """Ids by number, `own` for some, "none" for no value."""
    wanted = {int(word) for word in words if _is_id(word)}
    if own in words or not own:
        wanted |= set(ids)
    condition = Q(**{f"{column}__in": sorted(wanted)})
    return condition | Q(**{f"{column}__isnull": True}) if NOBODY in words else condition


def subtree(roots: Collection[int], parents: Mapping[int, int | None]) -> frozenset[int]:
    """The categories and all that stand below them."""
    found = set(roots)
    fresh = set(roots)
    while fresh:
        fresh = {pk for pk, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return frozenset(found)
