"""What teams, categories, statuses and colleagues are called: known for half a minute.

Every page of the desk names them and they change about once a week. Only pages read this; actions
ask the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import Permission as DjangoPermission
from django.db.models import Q
from django.utils.translation import gettext

from apps.accounts.models import Team, TeamMember, User
from apps.accounts.permissions import Permission
from apps.kernel import caching
from apps.tickets import statuses
from apps.tickets.models import Category, Status


@dataclass(frozen=True, slots=True)
class StatusName:
    id: int
    slug: str
    label: str
    category: str
    archived: bool

    @property
    def words(self) -> str:
        """The label in the language of whoever reads it; kept is what it is called in the row."""
        return gettext(self.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Names by id. `staff` is in the order of names; `members` are ids by team."""

    staff: Mapping[int, str]
    teams: Mapping[int, str]
    members: Mapping[int, frozenset[int]]
    private: frozenset[int]  # teams
    overseers: frozenset[int]  # staff who see private teams
    categories: Mapping[int, str]
    offered: frozenset[int]  # categories that tickets may still get
    statuses: tuple[StatusName, ...]

    def may_see(self, team_id: int | None, assignee_id: int | None) -> dict[int, str]:
        """Who of the staff sees a ticket of this team."""
        if team_id not in self.private:
            return dict(self.staff)
        inside = self.members.get(team_id, frozenset()) | self.overseers | {assignee_id}
        return {pk: name for pk, name in self.staff.items() if pk in inside}

    def after(self, category: str) -> list[StatusName]:
        """The statuses that the workflow lets a ticket of this category have next."""
        return [
            status
            for status in self.statuses
            if not status.archived
            and status.category != statuses.StatusCategory.MERGED
            and statuses.allows(category, status.category)
        ]


def known() -> Directory:
    found: Directory = caching.DIRECTORY.get(look_up, holds=Directory)
    return found


def look_up() -> Directory:
    """Six queries, whatever the tickets are like."""
    members: dict[int, set[int]] = defaultdict(set)
    for team_id, user_id in TeamMember.objects.values_list("team_id", "user_id"):
        members[team_id].add(user_id)
    teams = list(Team.objects.values_list("pk", "name", "private"))
    categories = list(Category.objects.values_list("pk", "name", "archived"))
    rows = Status.objects.values_list("pk", "slug", "agent_label", "category", "archived")
    return Directory(
        staff=staff(),
        teams={pk: name for pk, name, _ in teams},
        private=frozenset(pk for pk, _, private in teams if private),
        overseers=_overseers(),
        members={team_id: frozenset(ids) for team_id, ids in members.items()},
        categories={pk: name for pk, name, _ in categories},
        offered=frozenset(pk for pk, _, archived in categories if not archived),
        statuses=tuple(StatusName(*row) for row in rows),
    )


def staff() -> dict[int, str]:
    """Everybody who may work on tickets."""
    people = User.objects.filter(is_staff=True, is_active=True).order_by("name", "pk")
    return {user.pk: str(user) for user in people.only("name", "email")}


def _overseers() -> frozenset[int]:
    see = DjangoPermission.objects.filter(codename=Permission.SEE_PRIVATE_TEAMS)
    people = User.objects.filter(is_staff=True, is_active=True)
    found = people.filter(Q(groups__permissions__in=see) | Q(is_superuser=True))
    return frozenset(found.values_list("pk", flat=True))
