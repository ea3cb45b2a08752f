"""Filters of the search box, from words as people know them to keys of the index."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from apps.accounts.models import Organisation, Team
from apps.kernel.actors import Actor
from apps.search import access, dates, keys
from apps.search.expressions import Expression, Key, Not, any_key
from apps.search.index import Span
from apps.search.people import ids_of
from apps.search.query import Filter
from apps.tickets.models import Category, Status, Tag
from apps.tickets.statuses import StatusCategory

_NONE = frozenset({"none", "nobody"})
_PRIORITY = re.compile(r"(<=|>=|<|>|=)?p?([1-5])")
_SPAM = keys.standing(StatusCategory.SPAM)


@dataclass(slots=True)
class Resolved:
    """What is asked of documents beside their words."""

    parts: list[Expression] = field(default_factory=list)
    created: Span = field(default_factory=Span)
    updated: Span = field(default_factory=Span)
    problems: list[str] = field(default_factory=list)
    says_status: bool = False  # then it is for the asker to say whether spam counts
    is_asked: bool = False  # at least one filter was understood


class _NotUnderstoodError(Exception):
    """The message says what would be."""


def resolve(filters: Sequence[Filter], *, actor: Actor, now: datetime) -> Resolved:
    """At most two queries a filter; what is not understood is left out and told."""
    resolved = Resolved()
    allowed = allowed_for(actor)
    for asked in filters:
        name = _ALIASES.get(asked.name, asked.name)
        try:
            _check(asked.name, name in allowed, allowed)
            if name in _TIMES:
                _narrow(resolved, name, asked, now)
            else:
                named = {key for value in asked.values for key in _KEYS[name](value, actor)}
                found = any_key(named)
                resolved.parts.append(Not(found) if asked.negated else found)
                about_status = any(map(keys.is_of_status, named))
                resolved.says_status |= about_status and not asked.negated
            resolved.is_asked = True
        except _NotUnderstoodError as error:
            resolved.problems.append(str(error))
    if not resolved.says_status:
        resolved.parts.append(Not(Key(_SPAM)))
    return resolved


def _check(typed: str, is_known: bool, allowed: frozenset[str]) -> None:
    if not is_known:
        known = ", ".join(f"{name}:" for name in sorted(allowed))
        raise _NotUnderstoodError(
            _("“%(filter)s” is not a filter. There are %(known)s.")
            % {"filter": f"{typed}:", "known": known}
        )


def allowed_for(actor: Actor) -> frozenset[str]:
    """Customers filter by what their pages show."""
    return _FOR_STAFF if access.is_staff(actor) else _FOR_CUSTOMERS


def _narrow(resolved: Resolved, name: str, asked: Filter, now: datetime) -> None:
    meant = dates.span(asked.values[0], now)
    if meant is None or asked.negated or len(asked.values) > 1:
        raise _NotUnderstoodError(
            _("“%(filter)s”: write a day or a time, such as %(name)s:2026-05-01, %(name)s:7d.")
            % {"filter": asked, "name": name}
        )
    setattr(resolved, name, dates.both(getattr(resolved, name), meant))


def _statuses(value: str, actor: Actor) -> set[str]:
    """A category, open or closed for many at once, or a status by its slug or label."""
    plain = value.casefold().replace("-", "_").replace(" ", "_")
    if plain == "open":
        return {keys.ACTIVE}
    if plain == "closed":
        return {keys.OVER}
    if plain in set(StatusCategory):
        return {keys.standing(plain)}
    label = "agent_label" if access.is_staff(actor) else "customer_label"
    found = {
        keys.status(pk)
        for pk, slug, name in Status.objects.values_list("pk", "slug", label)
        if slug == value.casefold().replace(" ", "-")
        or value.casefold() in {name.casefold(), _(name).casefold()}
    }
    if not found:
        categories = ", ".join(sorted({*StatusCategory} - {StatusCategory.MERGED}))
        raise _NotUnderstoodError(
            _("There is no status “%(value)s”. There are %(known)s.")
            % {"value": value, "known": categories}
        )
    return found


def _teams(value: str, actor: Actor) -> set[str]:
    if value.casefold() in _NONE:
        return {keys.team(None)}
    if value.casefold() in {"mine", "my"}:
        return {keys.team(pk) for pk in actor.team_ids} or {keys.team(-1)}
    found = Team.objects.filter(name__icontains=value).values_list("pk", flat=True)[:50]
    return _at_least_one({keys.team(pk) for pk in found}, _("There is no team “%s”."), value)


def _assignees(value: str, actor: Actor) -> set[str]:
    if value.casefold() in _NONE:
        return {keys.assignee(None)}
    return {keys.assignee(pk) for pk in _people(value, actor)}


def _requesters(value: str, actor: Actor) -> set[str]:
    return {keys.requester(pk) for pk in _people(value, actor)}


def _people(value: str, actor: Actor) -> list[int]:
    """Customers aren't told whether somebody exists: they find nothing then."""
    if value.casefold() == "me" and actor.id is not None:
        return [actor.id]
    found = ids_of(value, limit=50, loosely=True)
    if not found and access.is_staff(actor):
        raise _NotUnderstoodError(_("There is nobody called “%s”.") % value)
    return found or [-1]


def _organisations(value: str, actor: Actor) -> set[str]:
    found = Organisation.objects.filter(name__icontains=value).values_list("pk", flat=True)[:50]
    return _at_least_one(
        {keys.organisation(pk) for pk in found}, _("There is no organisation “%s”."), value
    )


def _categories(value: str, actor: Actor) -> set[str]:
    """A category and all below it."""
    if value.casefold() in _NONE:
        return {keys.category(None)}
    rows = list(Category.objects.order_by().values_list("pk", "parent", "slug", "name"))
    asked = value.casefold()
    found = {pk for pk, _parent, slug, name in rows if asked in {slug.casefold(), name.casefold()}}
    found = found or {pk for pk, _parent, _slug, name in rows if asked in name.casefold()}
    below = found
    while below:
        below = {pk for pk, parent, _slug, _name in rows if parent in below} - found
        found |= below
    return _at_least_one(
        {keys.category(pk) for pk in found}, _("There is no category “%s”."), value
    )


def _tags(value: str, actor: Actor) -> set[str]:
    name = " ".join(value.lower().split())
    found = Tag.objects.filter(name=name).values_list("pk", flat=True)
    return _at_least_one({keys.tag(pk) for pk in found}, _("There is no tag “%s”."), value)


def _priorities(value: str, actor: Actor) -> set[str]:
    """p1, 1, or a comparison of the numbers: >=2 is P2 to P5."""
    found = _PRIORITY.fullmatch(value.casefold().replace(" ", ""))
    if found is None:
        raise _NotUnderstoodError(
            _("There is no priority “%s”. Write p1 to p5, or a range such as <=2.") % value
        )
    level, sign = int(found[2]), found[1] or "="
    fits: dict[str, Callable[[int], bool]] = {
        "=": lambda other: other == level,
        "<": lambda other: other < level,
        ">": lambda other: other > level,
        "<=": lambda other: other <= level,
        ">=": lambda other: other >= level,
    }
    return {keys.priority(other) for other in range(1, 6) if fits[sign](other)}


def _is(value: str, actor: Actor) -> set[str]:
    plain = value.casefold()
    if plain in {"major", "incident"}:
        return {keys.MAJOR}
    if plain == "unassigned":
        return {keys.assignee(None)}
    if plain == "mine" and actor.id is not None:
        return {keys.assignee(actor.id)}
    try:
        return _statuses(value, actor)
    except _NotUnderstoodError:
        raise _NotUnderstoodError(
            _("“is:%s” is not understood. There are major, unassigned, mine, and every status.")
            % value
        ) from None


def _has(value: str, actor: Actor) -> set[str]:
    if value.casefold().rstrip("s") not in {"file", "attachment"}:
        raise _NotUnderstoodError(_("“has:%s” is not understood. There is has:file.") % value)
    return {keys.HAS_FILE}


def _at_least_one(found: set[str], problem: str, value: str) -> set[str]:
    if not found:
        raise _NotUnderstoodError(problem % value)
    return found


_KEYS: dict[str, Callable[[str, Actor], set[str]]] = {
    "status": _statuses,
    "team": _teams,
    "assignee": _assignees,
    "requester": _requesters,
    "organisation": _organisations,
    "category": _categories,
    "tag": _tags,
    "priority": _priorities,
    "is": _is,
    "has": _has,
}
_TIMES = frozenset({"created", "updated"})
_ALIASES = {
    "from": "requester",
    "organization": "organisation",
    "org": "organisation",
    "state": "status",
    "prio": "priority",
    "tags": "tag",
    "assigned": "assignee",
    "raised": "created",
}
_FOR_STAFF = frozenset(_KEYS) | _TIMES
_FOR_CUSTOMERS = frozenset({"status", "requester", "category", "has"}) | _TIMES
