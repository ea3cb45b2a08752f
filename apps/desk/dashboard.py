"""What needs me now: each box is a short indexed query, or counts that facts keep (ADR 27)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission
from apps.desk import mentions, policies, tallies
from apps.desk.board import board_of
from apps.desk.models import DayCount
from apps.desk.options import options
from apps.desk.rows import ago, span
from apps.kernel.actors import Actor
from apps.kernel.compiled import CompiledFor
from apps.tickets.filters import ME, MINE, NOBODY, Filter
from apps.tickets.models import Ticket
from apps.tickets.querysets import TicketQuerySet

MOST = 6  # rows a box
Text = str | Promise
_FIGURES: tuple[tuple[str, Text], ...] = (
    (DayCount.Deed.SOLVED, gettext_lazy("solved today")),
    (DayCount.Deed.REPLIED, gettext_lazy("replies today")),
    (DayCount.Deed.TAKEN, gettext_lazy("taken today")),
)


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    subject: str
    under: str
    sign: str
    tone: str = ""  # of the sign: "waits", "late", "due"


@dataclass(slots=True)
class Box:
    key: str
    title: Text
    icon: str
    link: str  # the queue, filtered so; empty where no filter says it
    none: Text
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Load:
    name: str
    count: int
    link: str


def callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What django-unfold's front page of the admin shows."""
    actor = actor_of(request)
    if not actor.can(Permission.WORK_TICKETS):
        return context
    now = timezone.now()
    path = reverse("admin:tickets_ticket_changelist")
    load, most = load_by_agent(actor, path)
    return context | {
        "title": _("Today"),
        "path": path,
        "board": board_of(actor),
        "boxes": [box(actor, now, path) for box in BOXES],
        "figures": figures_of_today(actor, now),
        "load": load,
        "load_most": most,
        "greeting": _greeting(timezone.localtime(now)),
        "person": str(request.user).partition(" ")[0],
    }


def _greeting(local: datetime) -> str:
    if 5 <= local.hour < 12:  # noqa: PLR2004 - hours of a day
        return _("Good morning")
    return _("Good afternoon") if 12 <= local.hour < 18 else _("Good evening")  # noqa: PLR2004


def _waiting(actor: Actor, now: datetime, path: str) -> Box:
    """Mine, where the customer waits longest."""
    wanted = Filter(assignee=(ME,), waiting=("yes",))
    return Box(
        "waiting",
        gettext_lazy("Your customers wait"),
        "mark_chat_unread",
        f"{path}?{wanted.to_query()}&order=waiting",
        gettext_lazy("Everybody has had an answer from you."),
        [
            _line(row, _("%s waiting") % span(now - row["waiting_since"]), "waits")
            for row in _rows(_WAITING(actor))
        ],
    )


def _new(actor: Actor, now: datetime, path: str) -> Box:
    """In my teams and nobody's yet, the oldest first."""
    wanted = Filter(team=(MINE,), assignee=(NOBODY,))
    found = _NEW(actor) if actor.team_ids else []
    return Box(
        "new",
        gettext_lazy("Your teams' unassigned"),
        "inbox",
        f"{path}?{wanted.to_query()}&order=oldest",
        gettext_lazy("Every ticket of your teams has somebody."),
        [_line(row, ago(row["raised_at"], now)) for row in _rows(found)],
    )


def _due(actor: Actor, now: datetime, path: str) -> Box:
    wanted = Filter(assignee=(ME,), due=("24h",))
    return Box(
        "due",
        gettext_lazy("Due soon"),
        "alarm",
        f"{path}?{wanted.to_query()}&order=due",
        gettext_lazy("Nothing of yours is due within a day."),
        [_due_line(row, now) for row in _rows(_DUE(actor, now + timedelta(hours=24)))],
    )


def _due_line(row: dict[str, Any], now: datetime) -> Line:
    due = row["next_due_at"]
    if due < now:
        return _line(row, _("Late by %s") % span(now - due), "late")
    return _line(row, _("Due in %s") % span(due - now), "due")


def _waking(actor: Actor, now: datetime, path: str) -> Box:
    wanted = Filter(assignee=(ME,), status=("scheduled",))
    evening = timezone.localtime(now).replace(hour=23, minute=59, second=59)
    return Box(
        "waking",
        gettext_lazy("Coming back today"),
        "event_upcoming",
        f"{path}?{wanted.to_query()}",
        gettext_lazy("Nothing that you put off comes back today."),
        [
            _line(row, date_format(timezone.localtime(row["scheduled_until"]), "TIME_FORMAT"))
            for row in _rows(_WAKING(actor, evening))
        ],
    )


def _mentions(actor: Actor, now: datetime, _path: str) -> Box:
    """Where colleagues named me in a work note, the newest first."""
    return Box(
        "mentions",
        gettext_lazy("You were mentioned"),
        "alternate_email",
        "",
        gettext_lazy("Nobody has mentioned you lately."),
        [
            Line(
                number=mention.message.ticket_id,
                subject=mention.message.ticket.subject,
                under=f"#{mention.message.ticket_id} · {mention.message.author or ''}",
                sign=ago(mention.created_at, now),
            )
            for mention in mentions.of(actor, limit=MOST)
        ],
    )


BOXES: tuple[Callable[[Actor, datetime, str], Box], ...] = (
    _waiting,
    _new,
    _mentions,
    _due,
    _waking,
)


_COLUMNS = (
    "pk",
    "subject",
    "requester__name",
    "requester__email",
    "organisation__name",
    "priority",
    "raised_at",
    "waiting_since",
    "next_due_at",
    "scheduled_until",
)
Columns = tuple[Any, ...]


def _first(rows: TicketQuerySet, by: str) -> QuerySet[Ticket, Columns]:
    return rows.order_by(by, "pk").values_list(*_COLUMNS)[:MOST]


def _rows(found: list[Columns]) -> list[dict[str, Any]]:
    return [dict(zip(_COLUMNS, row, strict=True)) for row in found]


_WAITING: CompiledFor[Columns] = CompiledFor(
    lambda me: _first(
        Ticket.objects.filter(assignee=me.id, waiting_since__isnull=False).active(),
        "waiting_since",
    )
)
_NEW: CompiledFor[Columns] = CompiledFor(
    lambda me: _first(
        Ticket.objects.filter(assignee=None, team__in=me.team_ids).active(), "raised_at"
    )
)
_DUE: CompiledFor[Columns] = CompiledFor(
    lambda me, until: _first(
        Ticket.objects.filter(assignee=me.id, next_due_at__lte=until).active(), "next_due_at"
    )
)
_WAKING: CompiledFor[Columns] = CompiledFor(
    lambda me, until: _first(
        Ticket.objects.filter(
            assignee=me.id, status_category="scheduled", scheduled_until__lte=until
        ),
        "scheduled_until",
    )
)


def _line(row: dict[str, Any], sign: str, tone: str = "") -> Line:
    who = row["requester__name"] or row["requester__email"]
    under = [f"#{row['pk']}", who, row["organisation__name"], f"P{row['priority']}"]
    return Line(row["pk"], row["subject"], " · ".join(filter(None, under)), sign, tone)


def figures_of_today(actor: Actor, now: datetime) -> list[tuple[Text, int]]:
    """Of the reader's own day: the page is shown in their time zone."""
    day = timezone.localtime(now).date()
    rows = DayCount.objects.filter(user_id=actor.id or 0, day=day)
    found = dict(rows.values_list("deed", "count"))
    return [(label, found.get(deed, 0)) for deed, label in _FIGURES]


def load_by_agent(actor: Actor, path: str) -> tuple[list[Load], int]:
    """For leads: what each agent of their teams holds; and the most that one of them holds."""
    led = set(policies.teams_led_by(actor))
    if not led:
        return [], 0
    found = options()
    teams = Filter(team=tuple(str(pk) for pk in sorted(led)))
    held = tallies.by("assignee_id", teams, actor=actor, parents=found.parents)
    query = teams.to_query()
    loads = [
        Load(agent.name, held.get(agent.pk, 0), f"{path}?{query}&assignee={agent.pk}")
        for agent in found.agents
        if led & set(agent.teams)
    ]
    loads.sort(key=lambda load: (-load.count, load.name))
    return loads, max((load.count for load in loads), default=0)
