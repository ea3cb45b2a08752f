"""Reads the counts that facts keep: a few rows are added up, tickets never counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q, Sum

from apps.desk.models import Tally
from apps.desk.models.counters import NONE
from apps.kernel.actors import Actor
from apps.tickets.filters import ME, MINE, Filter, subtree
from apps.tickets.filters import NOBODY as NO
from apps.tickets.statuses import ACTIVE

# What tallies know nothing of: a view with such a condition shows no number (ADR 26).
UNCOUNTED = ("tag", "channel", "requester", "organisation", "due")


def is_counted(wanted: Filter) -> bool:
    return wanted.statuses <= ACTIVE and not any(getattr(wanted, name) for name in UNCOUNTED)


def counts(
    filters: Mapping[str, Filter], *, actor: Actor, parents: Mapping[int, int | None]
) -> dict[str, int]:
    """How many tickets fit each filter, without those that can't be counted. One query."""
    sums = {
        f"n{place}": Sum("count", filter=_condition(wanted, actor, parents), default=0)
        for place, wanted in enumerate(filters.values())
        if is_counted(wanted)
    }
    if not sums:
        return {}
    found: dict[str, int] = Tally.objects.filter(visible(actor), count__gt=0).aggregate(**sums)
    return {key: found[f"n{place}"] for place, key in enumerate(filters) if f"n{place}" in found}


def by(
    column: str, wanted: Filter, *, actor: Actor, parents: Mapping[int, int | None]
) -> dict[int, int]:
    """How many fit, for each value of a column of the tally. One query."""
    rows = Tally.objects.filter(visible(actor), _condition(wanted, actor, parents), count__gt=0)
    summed = rows.order_by().values_list(column).annotate(found=Sum("count"))
    return dict(summed)


def visible(actor: Actor) -> Q:
    """TicketQuerySet.visible_to in the tally's words.

    It leaves out tickets of private teams that the actor only asked or follows: the tally doesn't
    know of requesters and watchers.
    """
    if not actor.hidden_team_ids:
        return Q()
    return ~Q(team_id__in=actor.hidden_team_ids) | Q(assignee_id=actor.id)


def _condition(wanted: Filter, actor: Actor, parents: Mapping[int, int | None]) -> Q:
    condition = Q()
    if wanted.status:
        condition &= Q(status_category__in=wanted.status)
    if wanted.team:
        condition &= _ids("team_id", wanted.team, MINE, actor.team_ids)
    if wanted.assignee:
        condition &= _ids("assignee_id", wanted.assignee, ME, [actor.id or NONE])
    if wanted.category:
        below = subtree({int(word) for word in wanted.category if word != NO}, parents)
        condition &= _ids("category_id", wanted.category, "", below)
    if wanted.priority:
        condition &= Q(priority__in=[int(word) for word in wanted.priority])
    if wanted.waiting:
        condition &= Q(is_waiting=True)
    if wanted.major:
        condition &= Q(is_major=True)
    # An empty condition is no condition to an aggregate.
    return condition or Q(count__gt=0)


def _ids(column: str, words: Iterable[str], own: str, ids: Iterable[int]) -> Q:
    wanted: set[Any] = {int(word) for word in words if word.isdigit()}
    if own in words or not own:
        wanted |= set(ids)
    if NO in words:
        wanted.add(NONE)
    return Q(**{f"{column}__in": sorted(wanted)})
