"""The names that filters, menus and pages choose from. They change rarely: kept for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.accounts.models import Team, User
from apps.accounts.permissions import Permission
from apps.kernel.kept import Kept
from apps.tickets.models import Category


@dataclass(frozen=True, slots=True)
class Agent:
    pk: int
    name: str
    teams: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CategoryOption:
    pk: int
    name: str
    parent: int | None
    archived: bool


@dataclass(frozen=True, slots=True)
class Options:
    teams: tuple[tuple[int, str], ...]
    agents: tuple[Agent, ...]
    categories: tuple[CategoryOption, ...]

    @property
    def parents(self) -> Mapping[int, int | None]:
        return {category.pk: category.parent for category in self.categories}

    def tree(self) -> list[tuple[CategoryOption, int]]:
        """The categories in the order of a tree, each with its depth; archived ones left out."""
        found: list[tuple[CategoryOption, int]] = []

        def walk(parent: int | None, depth: int) -> None:
            for category in self.categories:
                if category.parent == parent and not category.archived:
                    found.append((category, depth))
                    walk(category.pk, depth + 1)

        walk(None, 0)
        return found


def _look() -> Options:
    working = (
        User.objects.filter(is_active=True, is_staff=True)
        .filter(groups__permissions__codename=Permission.WORK_TICKETS)
        .values_list("pk", "name", "email", "memberships__team_id")
        .order_by("name", "email", "pk")
        .distinct()
    )
    agents: dict[int, tuple[str, list[int]]] = {}
    for pk, name, email, team in working:
        agents.setdefault(pk, (name or email.partition("@")[0], []))[1].append(team)
    return Options(
        teams=tuple(Team.objects.order_by("name").values_list("pk", "name")),
        agents=tuple(
            Agent(pk, name, tuple(team for team in teams if team))
            for pk, (name, teams) in agents.items()
        ),
        categories=tuple(
            CategoryOption(*row)
            for row in Category.objects.values_list("pk", "name", "parent_id", "archived")
        ),
    )


options: Kept[Options] = Kept(_look)  # three queries, or none
