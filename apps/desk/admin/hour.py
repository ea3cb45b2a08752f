"""The last hour's figures: a part of the dashboard that renews itself, and a page of its own."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.desk import live
from apps.desk.admin import workspace


def shown_in(site: AdminSite) -> Callable[[HttpRequest], HttpResponse]:
    @require_safe
    def hour(request: HttpRequest) -> HttpResponse:
        workspace.require_agent(request)
        context = {"title": _("The last hour"), "hour": live.last_hour(timezone.now())}
        if request.headers.get("HX-Request"):  # the part alone: the frame asks for counts and menus
            return render(request, "admin/desk/live.html", context)
        return render(request, "admin/desk/hour.html", site.each_context(request) | context)

    return hour
