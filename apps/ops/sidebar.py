"""Where the agent's desk leads to, by what its reader may do."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.access import availability_of
from apps.accounts.middleware import actor_of, person_of
from apps.accounts.models import AgentState
from apps.accounts.permissions import Permission
from apps.desk.board import Board, View, board_of
from apps.desk.options import options
from apps.kernel.stencils import hole
from apps.notifications import bell
from apps.ops.dead_jobs import dead_messages
from apps.tickets.filters import subtree

Text = str | Promise
QUEUE = "tickets_ticket_changelist"
_STATES = {"available": "event_available", "away": "coffee", "off": "event_busy"}
_GROUPS: tuple[tuple[Text, Permission, tuple[tuple[Text, str, str], ...]], ...] = (
    (
        gettext_lazy("Writing"),
        Permission.WORK_TICKETS,
        ((gettext_lazy("Saved replies"), "bolt", "desk_savedreply_changelist"),),
    ),
    (
        gettext_lazy("Knowledge"),
        Permission.WRITE_ARTICLES,
        (
            (gettext_lazy("Articles"), "menu_book", "knowledge_article_changelist"),
            (gettext_lazy("New article"), "edit_note", "knowledge_article_add"),
            (gettext_lazy("Readers' comments"), "reviews", "knowledge_feedback_changelist"),
            (
                gettext_lazy("Article categories"),
                "shelves",
                "knowledge_knowledgecategory_changelist",
            ),
        ),
    ),
    (
        gettext_lazy("Customers and staff"),
        Permission.MANAGE_PEOPLE,
        (
            (gettext_lazy("People"), "people", "accounts_user_changelist"),
            (gettext_lazy("Organisations"), "apartment", "accounts_organisation_changelist"),
            (gettext_lazy("Teams"), "groups", "accounts_team_changelist"),
            (gettext_lazy("API tokens"), "key", "accounts_apitoken_changelist"),
        ),
    ),
    (
        gettext_lazy("Desk"),
        Permission.MANAGE_DESK,
        (
            (gettext_lazy("Categories"), "category", "tickets_category_changelist"),
            (gettext_lazy("Statuses"), "flag", "tickets_status_changelist"),
            (gettext_lazy("Priority matrix"), "grid_on", "tickets_priorityrule_changelist"),
            (gettext_lazy("Outgoing mail"), "mail", "notifications_outgoingmail_changelist"),
            (gettext_lazy("Incoming mail"), "inbox", "mail_incomingmail_changelist"),
            (
                gettext_lazy("Mail that came back"),
                "mail_off",
                "notifications_recipient_changelist",
            ),
            (gettext_lazy("Webhooks"), "webhook", "webhooks_endpoint_changelist"),
            (gettext_lazy("Webhook deliveries"), "outbox", "webhooks_webhookdelivery_changelist"),
            (gettext_lazy("Deliveries"), "sync", "events_delivery_changelist"),
            (gettext_lazy("Journal"), "history", "events_event_changelist"),
            (gettext_lazy("Chores"), "schedule", "ops_chorerun_changelist"),
            (gettext_lazy("Jobs given up"), "report", "dead_jobs"),
            (gettext_lazy("Messages given up"), "sms_failed", "dead_messages"),
            (gettext_lazy("Doctor"), "stethoscope", "doctor"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Item:
    """A link. `badge` is what changes from page to page: a count, or one's own state."""

    title: str
    icon: str
    link: str
    active: bool = False
    badge: str | int | None = None
    count_of: str = ""  # the view whose count the badge is
    way: str = ""  # the keyboard's


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    items: tuple[Item, ...]
    collapsible: bool = False
    open: bool = False


def navigation(request: HttpRequest) -> tuple[Group, ...]:
    """What the admin's frame shows at the side: groups of links, the present one marked.

    The views and their counts come from one place that keeps them for some seconds.
    """
    actor = actor_of(request)
    groups = tuple(
        Group(str(title), tuple(_item(request, *entry) for entry in entries if _leads(entry[2])))
        for title, permission, entries in _GROUPS
        if actor.can(permission)
    )
    if actor.can(Permission.WORK_TICKETS):
        return (*_queue(request, board_of(actor)), *groups)
    return groups


def without_badges(groups: tuple[Group, ...]) -> tuple[tuple[Group, ...], list[str | int]]:
    """The same with a hole for each badge, and the badges: `badges.0`, `badges.1` and so on."""
    badges: list[str | int] = []

    def bare(item: Item) -> Item:
        if item.badge is None:
            return item
        badges.append(item.badge)
        return replace(item, badge=hole(f"badges.{len(badges) - 1}"))

    return tuple(replace(group, items=tuple(map(bare, group.items))) for group in groups), badges


def _leads(view: str) -> bool:
    """Whether this desk has anything there, ever."""
    return view != "dead_messages" or dead_messages.get().possible


def _item(request: HttpRequest, title: Text, icon: str, view: str) -> Item:
    path = _path(f"admin:{view}")
    return Item(str(title), icon, path, active=request.path == path)


def _queue(request: HttpRequest, board: Board) -> tuple[Group, ...]:
    path = _path(f"admin:{QUEUE}")
    here = _view_here(request, board) if request.path == path else ""
    home, told = _path("admin:index"), _path("notifications")
    unread = len(bell.unread(request))
    bell_says = str(unread) if unread < bell.MOST else "99+"
    built_in = [_view(path, view, here) for view in board.views if view.saved is None]
    kept = [_view(path, view, here) for view in board.views if view.saved is not None]
    manage = f"{path}views/"
    by_category = tuple(_categories(path, board, request.GET.getlist("category")))
    return (
        Group(
            _("Queue"),
            (
                Item(_("Today"), "today", home, active=request.path == home, way="g h"),
                Item(_("Notifications"), "notifications", told, badge=bell_says, way="g n"),
                _own_state(request),
                *built_in,
            ),
        ),
        Group(
            _("Kept views"),
            (*kept, Item(_("Manage views"), "tune", manage, active=request.path == manage)),
        ),
        Group(
            _("By category"),
            by_category,
            collapsible=True,
            open=any(item.active for item in by_category),
        ),
    )


def _own_state(request: HttpRequest) -> Item:
    """Whether one takes new tickets, and the way to say so."""
    state, _until = availability_of(person_of(request), timezone.now())
    link = _path("admin:availability")
    return Item(
        _("Availability"),
        _STATES[state],
        link,
        active=request.path == link,
        badge=str(AgentState.Availability(state).label),
        way="g v",
    )


def _view_here(request: HttpRequest, board: Board) -> str:
    """The key of the view that the queue shows; none where a filter or a search stands."""
    asked = request.GET.get("view", "")
    if asked or not request.GET.keys() - {"order", "after", "before"}:
        return (board.view(asked) or board.first_view()).key
    return ""


def _view(path: str, view: View, here: str) -> Item:
    return Item(
        str(view.title),
        view.icon,
        f"{path}?{view.query}",
        active=view.key == here,
        badge=view.count,
        count_of=view.key,
        way=view.keys,
    )


def _categories(path: str, board: Board, chosen: list[str]) -> Iterator[Item]:
    """The top of the tree, each with all that stands below it."""
    found = options()
    parents = found.parents
    for category in found.categories:
        if category.parent is None and not category.archived:
            below = subtree({category.pk}, parents)
            yield Item(
                category.name,
                "category",
                f"{path}?category={category.pk}",
                active=str(category.pk) in chosen,
                badge=sum(board.categories.get(pk, 0) for pk in below),
            )


@functools.cache
def _path(name: str) -> str:
    return reverse(name)
