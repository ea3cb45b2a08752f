from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.accounts.guarded import GuardedAdmin
from apps.accounts.middleware import actor_of
from apps.accounts.models import Team
from apps.accounts.permissions import Permission
from apps.desk.admin import workspace
from apps.desk.admin.addresses import workspace_urls
from apps.kernel.errors import DomainError
from apps.tickets import actions
from apps.tickets.models import Status, Ticket
from apps.tickets.querysets import TicketQuerySet

MOST = 1000  # rows that a count looks at

Verb = Callable[..., object]


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than it must: counting a million rows costs more than the page."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return len(rows.values_list("pk")[: MOST + 1])


class WhoseFilter(admin.SimpleListFilter):
    """The views that every desk has. An agent's day begins with what is alive."""

    title = _("view")
    parameter_name = "view"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return [
            ("mine", _("Mine")),
            ("unassigned", _("Unassigned")),
            ("teams", _("My teams'")),
            ("everything", _("Finished ones too")),
        ]

    def choices(self, changelist: Any) -> Any:
        alive, *others = super().choices(changelist)
        yield {**alive, "display": _("All active")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        actor, tickets = actor_of(request), cast(TicketQuerySet, queryset)
        match self.value():
            case "mine":
                return tickets.filter(assignee=actor.id).active()
            case "unassigned":
                return tickets.filter(assignee=None).active()
            case "teams":
                return tickets.filter(team__in=actor.team_ids).active()
            case "everything":
                return tickets
            case _:
                finished = "status__id__exact" in request.GET
                return tickets if finished else tickets.active()


@admin.register(Ticket)
class TicketAdmin(GuardedAdmin):
    needs = Permission.WORK_TICKETS
    may_add = may_change = True

    list_display = (
        "number",
        "headline",
        "requester",
        "state",
        "level",
        "team",
        "assignee",
        "active_at",
    )
    list_display_links = ("number", "headline")
    list_filter = (WhoseFilter, "priority", "status", "team", "category")
    list_filter_submit = False
    list_select_related = ("requester", "status", "team", "assignee")
    search_fields = ("=id", "subject")
    search_help_text = _("A number, or words of the subject")
    ordering = ("-updated_at", "-id")
    list_per_page = 25
    show_full_result_count = False
    paginator = CappedPaginator

    @admin.display(description="#", ordering="id")
    def number(self, ticket: Ticket) -> str:
        return f"#{ticket.pk}"

    @admin.display(description=_("Subject"), ordering="subject")
    def headline(self, ticket: Ticket) -> str:
        return ticket.subject

    @display(  # type: ignore[untyped-decorator]
        description=_("Status"),
        label={
            "new": "info",
            "open": "primary",
            "pending": "warning",
            "on_hold": "warning",
            "scheduled": "warning",
            "resolved": "success",
            "closed": "success",
            "spam": "danger",
        },
    )
    def state(self, ticket: Ticket) -> tuple[str, str]:
        return ticket.status_category, ticket.status.agent_label

    @display(  # type: ignore[untyped-decorator]
        description=_("Priority"), ordering="priority", label={"P1": "danger", "P2": "warning"}
    )
    def level(self, ticket: Ticket) -> tuple[str, str]:
        if ticket.is_major_incident:
            return "P1", gettext("Major")
        return f"P{ticket.priority}", f"P{ticket.priority}"

    @admin.display(description=_("Last activity"), ordering="updated_at")
    def active_at(self, ticket: Ticket) -> str:
        return date_format(timezone.localtime(ticket.updated_at), "j M, H:i")

    def get_queryset(self, request: HttpRequest) -> TicketQuerySet:
        return Ticket.objects.visible_to(actor_of(request))

    # Many at once

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Take, hand over to a team, set a status: each an action of the domain, per ticket."""
        if not self.has_change_permission(request):
            return {}
        verbs: dict[str, tuple[Verb, str | Promise]] = {"take": (actions.take, _("Take"))}
        for team in Team.objects.all():
            verb = partial(actions.assign, team=team, assignee=None)
            verbs[f"team-{team.pk}"] = verb, _("Give to team %s") % team
        for status in Status.objects.filter(archived=False).exclude(
            category__in=["merged", "scheduled", "new"]
        ):
            verb = partial(actions.change_status, status=status)
            verbs[f"status-{status.slug}"] = verb, _("Set to %s") % status
        return {name: (_many(verb), name, told) for name, (verb, told) in verbs.items()}

    # One

    def get_urls(self) -> list[URLPattern]:
        listed = [url for url in super().get_urls() if url.name == "tickets_ticket_changelist"]
        return [*workspace_urls(self.admin_site), *listed]

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002
        extra_context: Any = None,  # noqa: ARG002
    ) -> HttpResponse:
        workspace.require_agent(request)
        return workspace.add(request, self.admin_site.each_context(request))


def _many(verb: Verb) -> Callable[..., HttpResponse]:
    def act(_admin: Any, request: HttpRequest, chosen: QuerySet[Ticket]) -> HttpResponse:
        """Each in a transaction of its own: what is refused leaves the others done."""
        refused: list[str] = []
        tickets = list(chosen)
        for ticket in tickets:
            try:
                verb(ticket=ticket, actor=actor_of(request), now=timezone.now())
            except DomainError as error:
                refused.append(f"#{ticket.pk}: {error}")
        done = len(tickets) - len(refused)
        if done:
            messages.success(request, ngettext("%d ticket done.", "%d tickets done.", done) % done)
        for line in refused:
            messages.error(request, line)
        return redirect(request.get_full_path())

    return act
