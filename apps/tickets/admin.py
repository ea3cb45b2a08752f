"""The agent's desk: a queue and a workspace. Every button is one of the domain's actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission
from apps.events.journal import history
from apps.kernel.forms import shown_on
from apps.tickets import access, actions, desk_forms, events
from apps.tickets.conversation import conversation
from apps.tickets.models import Message, Ticket
from apps.tickets.views import stored

MOST = 1000  # rows that a count looks at


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than it must: counting a million rows costs more than the page."""

    @cached_property
    def count(self) -> int:
        return len(self.object_list.values_list("pk")[: MOST + 1])  # type: ignore[union-attr]


@admin.register(Ticket)
class TicketAdmin(ModelAdmin):
    list_display = (
        "number",
        "subject",
        "requester",
        "status",
        "level",
        "team",
        "assignee",
        "updated_at",
    )
    list_display_links = ("number", "subject")
    list_filter = ("status", "priority", "team", "category")
    list_select_related = ("requester", "status", "team", "assignee")
    search_fields = ("=id", "subject")
    ordering = ("-updated_at", "-id")
    list_per_page = 25
    show_full_result_count = False
    paginator = CappedPaginator
    actions = ("take_chosen",)

    @admin.display(description="#", ordering="id")
    def number(self, ticket: Ticket) -> str:
        return f"#{ticket.pk}"

    @admin.display(description="Priority", ordering="priority")
    def level(self, ticket: Ticket) -> str:
        return f"P{ticket.priority}" + (" major" if ticket.is_major_incident else "")

    @admin.action(description="Take")
    def take_chosen(self, request: HttpRequest, chosen: QuerySet[Ticket]) -> None:
        for ticket in chosen:
            actions.take(ticket=ticket, actor=actor_of(request), now=timezone.now())
        messages.success(request, f"{len(chosen)} taken.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        return Ticket.objects.visible_to(actor_of(request))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).can(Permission.WORK_TICKETS)

    def has_view_permission(self, request: HttpRequest, obj: Ticket | None = None) -> bool:
        return actor_of(request).can(Permission.WORK_TICKETS)

    def has_change_permission(self, request: HttpRequest, obj: Ticket | None = None) -> bool:
        return actor_of(request).can(Permission.WORK_TICKETS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Ticket | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        verbs: dict[str, Callable[..., HttpResponse]] = {
            "write": self.write,
            "take": self.take,
            "assign": self.assign,
            "status": self.status,
            "sort": self.sort,
            "merge": self.merge,
            "unmerge": self.unmerge,
        }
        ours = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"tickets_ticket_{name}",
            )
            for name, view in verbs.items()
        ]
        return [*ours, *super().get_urls()]

    # The workspace

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method != "GET":
            raise PermissionDenied  # every change has a form and an address of its own
        number = int(object_id) if object_id.isdecimal() else 0
        ticket = access.ticket_by_id(number, actor_of(request))
        return self._show(request, ticket)

    def _show(
        self, request: HttpRequest, ticket: Ticket, composer: Form | None = None
    ) -> HttpResponse:
        actor = actor_of(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"#{ticket.pk} {ticket.subject}",
            "ticket": ticket,
            "messages_shown": conversation(ticket, actor),
            "internal": Message.Visibility.INTERNAL,
            "composer": composer or desk_forms.ComposerForm(initial={"version": ticket.version}),
            "assign_form": desk_forms.AssignForm(
                initial={"team": ticket.team_id, "assignee": ticket.assignee_id}
            ),
            "status_form": desk_forms.StatusForm(initial={"status": ticket.status_id}),
            "sort_form": desk_forms.SortForm(
                initial={
                    "category": ticket.category_id,
                    "impact": ticket.impact,
                    "urgency": ticket.urgency,
                }
            ),
            "merge_form": desk_forms.MergeForm(),
            "history": history(events.subject_of(ticket.pk), limit=30),
        }
        return render(request, "admin/tickets/ticket/workspace.html", context)

    def write(self, request: HttpRequest, pk: int) -> HttpResponse:
        actor = actor_of(request)
        ticket = access.ticket_by_id(pk, actor)
        form = desk_forms.ComposerForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            with shown_on(form), stored(form.cleaned_data["attachments"]) as kept:
                common: dict[str, Any] = {
                    "ticket": ticket,
                    "text": form.cleaned_data["text"],
                    "attachments": kept,
                    "submission": form.cleaned_data["submission"],
                    "expected_version": form.cleaned_data["version"],
                    "actor": actor,
                    "now": timezone.now(),
                }
                if form.cleaned_data["internal"]:
                    actions.note(**common)
                else:
                    actions.reply(status=form.cleaned_data["status"], **common)
                messages.success(request, "Sent.")
                return self._back(pk)
            # The text stays; what is new stands above it, and the next sending goes through.
            form.data = form.data.copy()
            fresh = access.ticket_by_id(pk, actor)
            form.data["version"] = str(fresh.version)  # type: ignore[index]
            ticket = fresh
        return self._show(request, ticket, form)

    def take(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._do(request, pk, Form, actions.take)

    def assign(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._do(request, pk, desk_forms.AssignForm, actions.assign)

    def status(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._do(request, pk, desk_forms.StatusForm, actions.change_status)

    def sort(self, request: HttpRequest, pk: int) -> HttpResponse:
        def both(*, category: Any, impact: int, urgency: int, **common: Any) -> None:
            actions.categorise(category=category, **common)
            actions.prioritise(impact=impact, urgency=urgency, **common)

        return self._do(request, pk, desk_forms.SortForm, both)

    def merge(self, request: HttpRequest, pk: int) -> HttpResponse:
        def into(*, number: int, **common: Any) -> None:
            survivor = access.ticket_by_id(number, actor_of(request))
            actions.merge(survivor=survivor, **common)

        return self._do(request, pk, desk_forms.MergeForm, into)

    def unmerge(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._do(request, pk, Form, actions.unmerge)

    def _do(
        self,
        request: HttpRequest,
        pk: int,
        form_class: type[Form],
        verb: Callable[..., object],
    ) -> HttpResponse:
        """One form, one action. What it refuses is shown by the errors' middleware."""
        actor = actor_of(request)
        ticket = access.ticket_by_id(pk, actor)
        form = form_class(request.POST)
        if request.method != "POST":
            return self._back(pk)
        if not form.is_valid():
            messages.error(request, "; ".join(str(e) for es in form.errors.values() for e in es))
            return self._back(pk)
        verb(ticket=ticket, actor=actor, now=timezone.now(), **form.cleaned_data)
        messages.success(request, "Done.")
        return self._back(pk)

    def _back(self, pk: int) -> HttpResponse:
        return redirect("admin:tickets_ticket_change", pk)
