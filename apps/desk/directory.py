"""What teams, categories, statuses and colleagues are called: known for half a minute.

Every page of the desk names them and they change about once a week. Only pages read this; actions
ask the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.cache import cache

from apps.accounts.models import Team, User
from apps.tickets.models import Category, Status

KEY, SECONDS = "desk.directory.1", 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Names by id; `statuses` by slug. `staff` is in the order of names."""

    staff: Mapping[int, str]
    teams: Mapping[int, str]
    categories: Mapping[int, str]
    statuses: Mapping[str, str]


def known() -> Directory:
    found = cache.get(KEY)
    if not isinstance(found, Directory):
        found = look_up()
        cache.set(KEY, found, SECONDS)
    return found


def look_up() -> Directory:
    """Four queries, whatever the tickets are like."""
    return Directory(
        staff=staff(),
        teams=dict(Team.objects.values_list("pk", "name")),
        categories=dict(Category.objects.values_list("pk", "name")),
        statuses=dict(Status.objects.values_list("slug", "agent_label")),
    )


def staff() -> dict[int, str]:
    """Everybody who may work on tickets."""
    people = User.objects.filter(is_staff=True, is_active=True).order_by("name", "pk")
    return {user.pk: str(user) for user in people.only("name", "email")}
