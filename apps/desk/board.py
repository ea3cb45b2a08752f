"""One person's views with their live counts, as the sidebar, the queue and its pulse show them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.desk import policies, tallies
from apps.desk.models import DeskPreference, SavedView
from apps.desk.options import options
from apps.kernel import caching
from apps.kernel.actors import Actor
from apps.tickets.errors import FilterRefusedError
from apps.tickets.filters import ME, MINE, NOBODY, Filter


@dataclass(frozen=True, slots=True)
class View:
    """`key` is what an address says. `count` is None where facts can't keep one."""

    key: str
    title: str | Promise
    icon: str
    filter: Filter
    order: str = "activity"
    keys: str = ""  # the keyboard's way there
    count: int | None = None
    saved: int | None = None  # the row's id
    owner: int | None = None
    sharing: str = SavedView.Sharing.NOBODY
    is_broken: bool = False  # made by another release, which knew more words

    @property
    def query(self) -> str:
        return f"view={quote(self.key)}"


BUILT_IN = (
    View("mine", _("Mine"), "person", Filter(assignee=(ME,)), keys="g m"),
    View("unassigned", _("Unassigned"), "inbox", Filter(assignee=(NOBODY,)), keys="g u"),
    View("teams", _("My teams'"), "group", Filter(team=(MINE,)), keys="g t"),
    View(
        "reply",
        _("Customer waits"),
        "mark_chat_unread",
        Filter(status=("new", "open"), waiting=("yes",)),
        order="waiting",
        keys="g w",
    ),
    View("due", _("Due soon"), "alarm", Filter(due=("24h",)), order="due", keys="g d"),
    View(
        "pending", _("Waiting for customer"), "hourglass_empty", Filter(status=("pending",)),
        keys="g p",
    ),
    View("active", _("All active"), "list", Filter(), keys="g a"),
    View("solved", _("Recently solved"), "task_alt", Filter(status=("resolved",)), keys="g s"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Board:
    views: tuple[View, ...]
    first: str  # the key of the view that an agent's day begins with
    categories: dict[int, int]  # active tickets, each category for itself

    def view(self, key: str) -> View | None:
        return next((view for view in self.views if view.key == key), None)

    def first_view(self) -> View:
        return self.view(self.first) or next(view for view in self.views if view.key == "active")


def board_of(actor: Actor) -> Board:
    """Four queries, or none within some seconds."""
    kept: _Kept = caching.BOARD.get(lambda: _look(actor), actor.id, holds=_Kept)
    return Board(
        views=tuple(
            replace(view, count=kept.counts.get(view.key)) for view in (*BUILT_IN, *kept.saved)
        ),
        first=kept.first,
        categories=kept.categories,
    )


def forget(actor: Actor) -> None:
    """After a change of one's own views: the next page shows it."""
    caching.BOARD.forget(actor.id)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A board without what every process knows: titles that wait for a language pickle slowly."""

    saved: tuple[View, ...]
    counts: dict[str, int]
    first: str
    categories: dict[int, int]


def _look(actor: Actor) -> _Kept:
    saved = tuple(_saved(row) for row in policies.views_of(actor))
    countable = {view.key: view.filter for view in (*BUILT_IN, *saved) if not view.is_broken}
    found = tallies.counts(countable, actor=actor, parents=options().parents)
    preference = DeskPreference.objects.filter(user=actor.id).first()
    return _Kept(
        saved=saved,
        counts=dict(found),
        first=preference.first_view if preference else "",
        categories=tallies.by("category_id", Filter(), actor=actor, parents={}),
    )


def _saved(row: SavedView) -> View:
    try:
        wanted, is_broken = Filter.from_json(row.filter), False
    except FilterRefusedError:
        wanted, is_broken = Filter(), True
    return View(
        key=f"v{row.pk}",
        title=row.name,
        icon=row.icon,
        filter=wanted,
        order=row.order,
        saved=row.pk,
        owner=row.owner_id,
        sharing=row.sharing,
        is_broken=is_broken,
    )
