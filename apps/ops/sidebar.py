"""Where the agent's desk leads to, by what its reader may do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission

Text = str | Promise
_QUEUE = "tickets_ticket_changelist"
_GROUPS: tuple[tuple[Text, Permission, tuple[tuple[Text, str, str, str], ...]], ...] = (
    (
        _("Queue"),
        Permission.WORK_TICKETS,
        (
            (_("Mine"), "person", _QUEUE, "mine"),
            (_("Unassigned"), "inbox", _QUEUE, "unassigned"),
            (_("My teams'"), "group", _QUEUE, "teams"),
            (_("All active"), "list", _QUEUE, ""),
            (_("New ticket"), "add", "tickets_ticket_add", ""),
        ),
    ),
    (
        _("Knowledge"),
        Permission.WRITE_ARTICLES,
        (
            (_("Articles"), "menu_book", "knowledge_article_changelist", ""),
            (_("New article"), "edit_note", "knowledge_article_add", ""),
            (_("Readers' comments"), "reviews", "knowledge_feedback_changelist", ""),
            (_("Article categories"), "shelves", "knowledge_knowledgecategory_changelist", ""),
        ),
    ),
    (
        _("Customers and staff"),
        Permission.MANAGE_PEOPLE,
        (
            (_("People"), "people", "accounts_user_changelist", ""),
            (_("Organisations"), "apartment", "accounts_organisation_changelist", ""),
            (_("Teams"), "groups", "accounts_team_changelist", ""),
            (_("API tokens"), "key", "accounts_apitoken_changelist", ""),
        ),
    ),
    (
        _("Desk"),
        Permission.MANAGE_DESK,
        (
            (_("Categories"), "category", "tickets_category_changelist", ""),
            (_("Statuses"), "flag", "tickets_status_changelist", ""),
            (_("Priority matrix"), "grid_on", "tickets_priorityrule_changelist", ""),
            (_("Outgoing mail"), "mail", "notifications_outgoingmail_changelist", ""),
            (_("Deliveries"), "sync", "events_delivery_changelist", ""),
            (_("Journal"), "history", "events_event_changelist", ""),
            (_("Chores"), "schedule", "ops_chorerun_changelist", ""),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """What django-unfold shows at the side: groups of links, the present one marked."""
    actor = actor_of(request)
    return [
        {
            "title": title,
            "separator": True,
            "items": [_item(request, *entry) for entry in entries],
        }
        for title, permission, entries in _GROUPS
        if actor.can(permission)
    ]


def _item(request: HttpRequest, title: Text, icon: str, view: str, which: str) -> dict[str, Any]:
    path = reverse(f"admin:{view}")
    is_here = request.path == path and request.GET.get("view", "") == which
    link = f"{path}?view={which}" if which else path
    return {"title": title, "icon": icon, "link": link, "active": is_here}
