"""What tickets refer to (statuses, the matrix, categories with their fields), without a query each.

Kept for some seconds: a new label, default or category is everywhere that much later.
"""

from __future__ import annotations

from apps.accounts.models import Team
from apps.kernel.kept import Kept
from apps.tickets.models import Category, CategoryField, PriorityRule, Status, Ticket

_statuses: Kept[dict[int, Status]] = Kept(lambda: {row.pk: row for row in Status.objects.all()})
_matrix: Kept[dict[tuple[int, int], int]] = Kept(
    lambda: {(row.impact, row.urgency): row.priority for row in PriorityRule.objects.all()}
)
_categories: Kept[dict[int, Category]] = Kept(
    lambda: {row.pk: row for row in Category.objects.select_related("team")}
)
_fields: Kept[list[CategoryField]] = Kept(
    lambda: list(CategoryField.objects.order_by("position", "id"))
)
_teams: Kept[dict[int, Team]] = Kept(lambda: {row.pk: row for row in Team.objects.all()})


def forget() -> None:
    """This process asks anew: for whoever has just changed something."""
    for kept in (_statuses, _matrix, _categories, _fields, _teams):
        kept.forget()


def default_status(category: str) -> Status:
    """The one that a ticket gets when it enters the category."""
    return next(
        status
        for status in _statuses().values()
        if status.category == category and status.is_default
    )


def priority(impact: int, urgency: int) -> int:
    return _matrix()[impact, urgency]


def category_by_slug(slug: str) -> Category | None:
    """One that is still offered."""
    return next((row for row in offered() if row.slug == slug), None)


def offered() -> list[Category]:
    """In the order in which they are shown."""
    return [row for row in _categories().values() if not row.archived]


def fields_of(category: Category | None) -> list[CategoryField]:
    """Of a category and of those above it, from the top down, archived ones too.

    A field of a category takes the place of one above it, a live one that of an archived one.
    """
    path: list[int] = []
    step = category
    while step is not None and step.pk not in path:  # a loop made by hand must not hang us
        path.insert(0, step.pk)
        step = _categories().get(step.parent_id or 0)
    ranked = sorted(
        (field for field in _fields() if field.category_id in path),
        key=lambda field: (not field.archived, path.index(field.category_id), field.position),
    )
    return list({field.key: field for field in ranked}.values())


def status(pk: int) -> Status | None:
    return _statuses().get(pk)


def team(pk: int | None) -> Team | None:
    return _teams().get(pk or 0)


def names(
    status: int, category: int | None, team: int | None
) -> tuple[str, str | None, str | None]:
    """What staff call a ticket's status, its category and its team."""
    kept = _statuses().get(status), _categories().get(category or 0), _teams().get(team or 0)
    return (
        kept[0].agent_label if kept[0] else "",
        kept[1].name if kept[1] else None,
        kept[2].name if kept[2] else None,
    )


def dress(ticket: Ticket) -> Ticket:
    """Give a ticket its status, category and team, so that reading them asks for nothing."""
    if (status := _statuses().get(ticket.status_id)) is not None:
        ticket.status = status
    if (category := _categories().get(ticket.category_id or 0)) is not None:
        ticket.category = category
    if (team := _teams().get(ticket.team_id or 0)) is not None:
        ticket.team = team
    return ticket
