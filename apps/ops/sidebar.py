"""Where the agent's desk leads to, by what its reader may do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.access import availability_of
from apps.accounts.middleware import actor_of, person_of
from apps.accounts.models import AgentState
from apps.accounts.permissions import Permission
from apps.desk.board import Board, View, board_of
from apps.desk.options import options
from apps.notifications import bell
from apps.tickets.filters import subtree

Text = str | Promise
QUEUE = "tickets_ticket_changelist"
_STATES = {"available": "event_available", "away": "coffee", "off": "event_busy"}
_GROUPS: tuple[tuple[Text, Permission, tuple[tuple[Text, str, str], ...]], ...] = (
    (
        _("Writing"),
        Permission.WORK_TICKETS,
        ((_("Saved replies"), "bolt", "desk_savedreply_changelist"),),
    ),
    (
        _("Knowledge"),
        Permission.WRITE_ARTICLES,
        (
            (_("Articles"), "menu_book", "knowledge_article_changelist"),
            (_("New article"), "edit_note", "knowledge_article_add"),
            (_("Readers' comments"), "reviews", "knowledge_feedback_changelist"),
            (_("Article categories"), "shelves", "knowledge_knowledgecategory_changelist"),
        ),
    ),
    (
        _("Customers and staff"),
        Permission.MANAGE_PEOPLE,
        (
            (_("People"), "people", "accounts_user_changelist"),
            (_("Organisations"), "apartment", "accounts_organisation_changelist"),
            (_("Teams"), "groups", "accounts_team_changelist"),
            (_("API tokens"), "key", "accounts_apitoken_changelist"),
        ),
    ),
    (
        _("Desk"),
        Permission.MANAGE_DESK,
        (
            (_("Categories"), "category", "tickets_category_changelist"),
            (_("Statuses"), "flag", "tickets_status_changelist"),
            (_("Priority matrix"), "grid_on", "tickets_priorityrule_changelist"),
            (_("Outgoing mail"), "mail", "notifications_outgoingmail_changelist"),
            (_("Incoming mail"), "inbox", "mail_incomingmail_changelist"),
            (_("Mail that came back"), "mail_off", "notifications_recipient_changelist"),
            (_("Deliveries"), "sync", "events_delivery_changelist"),
            (_("Journal"), "history", "events_event_changelist"),
            (_("Chores"), "schedule", "ops_chorerun_changelist"),
            (_("Doctor"), "stethoscope", "doctor"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """What the admin's frame shows at the side: groups of links, the present one marked.

    The views and their counts come from one place that keeps them for some seconds.
    """
    actor = actor_of(request)
    groups = [
        {"title": title, "items": [_item(request, *entry) for entry in entries]}
        for title, permission, entries in _GROUPS
        if actor.can(permission)
    ]
    if actor.can(Permission.WORK_TICKETS):
        return [*_queue(request, board_of(actor)), *groups]
    return groups


def _item(request: HttpRequest, title: Text, icon: str, view: str) -> dict[str, Any]:
    path = reverse(f"admin:{view}")
    is_here = request.path == path
    return {"title": title, "icon": icon, "link": path, "active": is_here, "badge": None}


def _queue(request: HttpRequest, board: Board) -> list[dict[str, Any]]:
    path = reverse(f"admin:{QUEUE}")
    here = _view_here(request, board) if request.path == path else ""
    home = reverse("admin:index")
    day = {"title": _("Today"), "icon": "today", "link": home, "way": "g h", "badge": None}
    day["active"] = request.path == home
    unread = len(bell.unread(request))
    told = {"title": _("Notifications"), "icon": "notifications", "link": reverse("notifications")}
    told |= {"active": False, "way": "g n", "badge": str(unread) if unread < bell.MOST else "99+"}
    built_in = [_view(path, view, here) for view in board.views if view.saved is None]
    kept = [_view(path, view, here) for view in board.views if view.saved is not None]
    more = {"title": _("Manage views"), "icon": "tune", "link": f"{path}views/", "badge": None}
    more["active"] = request.path == more["link"]
    by_category = _categories(path, board, request.GET.getlist("category"))
    return [
        {"title": _("Queue"), "items": [day, told, _own_state(request), *built_in]},
        {"title": _("Kept views"), "items": [*kept, more]},
        {
            "title": _("By category"),
            "collapsible": True,
            "open": any(item["active"] for item in by_category),
            "items": by_category,
        },
    ]


def _own_state(request: HttpRequest) -> dict[str, Any]:
    """Whether one takes new tickets, and the way to say so."""
    state, _until = availability_of(person_of(request), timezone.now())
    link = reverse("admin:availability")
    return {
        "title": _("Availability"),
        "icon": _STATES[state],
        "link": link,
        "active": request.path == link,
        "badge": AgentState.Availability(state).label,
        "way": "g v",
    }


def _view_here(request: HttpRequest, board: Board) -> str:
    """The key of the view that the queue shows; none where a filter or a search stands."""
    asked = request.GET.get("view", "")
    if asked or not request.GET.keys() - {"order", "after", "before"}:
        return (board.view(asked) or board.first_view()).key
    return ""


def _view(path: str, view: View, here: str) -> dict[str, Any]:
    return {
        "title": view.title,
        "icon": view.icon,
        "link": f"{path}?{view.query}",
        "active": view.key == here,
        "badge": view.count,
        "count_of": view.key,
        "way": view.keys,
    }


def _categories(path: str, board: Board, chosen: list[str]) -> list[dict[str, Any]]:
    """The top of the tree, each with all that stands below it."""
    found = options()
    return [
        {
            "title": category.name,
            "icon": "category",
            "link": f"{path}?category={category.pk}",
            "active": str(category.pk) in chosen,
            "badge": sum(
                board.categories.get(pk, 0) for pk in subtree({category.pk}, found.parents)
            ),
        }
        for category in found.categories
        if category.parent is None and not category.archived
    ]
