"""The tickets' place in the admin: the queue, what hangs on it, and the workspace of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from apps.accounts.guarded import GuardedAdmin
from apps.accounts.permissions import Permission
from apps.desk.admin import hour, listing, views, workspace
from apps.desk.admin.addresses import workspace_urls
from apps.tickets.models import Ticket


@admin.register(Ticket)
class TicketAdmin(GuardedAdmin):
    needs = Permission.WORK_TICKETS
    may_add = may_change = True

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(self.one(listing.show)), name="tickets_ticket_changelist"),
            path("pulse/", view(self.one(listing.pulse)), name="tickets_ticket_pulse"),
            path("hour/", view(hour.shown_in(self.admin_site)), name="tickets_ticket_hour"),
            path("bulk/", view(self.one(listing.many)), name="tickets_ticket_bulk"),
            path("views/", view(self.one(views.manage)), name="tickets_ticket_views"),
            *workspace_urls(self.admin_site),
        ]

    def one(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """A page of the queue, for whoever works on tickets."""

        def guarded(request: HttpRequest, **at: Any) -> HttpResponse:
            workspace.require_agent(request)
            return view(request, **at)

        return guarded
