"""The doctor's page in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission
from apps.kernel.errors import ForbiddenError
from apps.ops.doctor import examine
from apps.ops.doctor.table import PROBES


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """What would be looked at; with a POST, what was found."""
    if not actor_of(request).can(Permission.MANAGE_DESK):
        raise ForbiddenError
    findings = examine(PROBES) if request.method == "POST" else []
    context = {
        **admin.site.each_context(request),
        "title": _("Doctor"),
        "probes": PROBES,
        "findings": findings,
        "ill": sum(not finding.is_well for finding in findings),
    }
    return render(request, "admin/ops/doctor.html", context)


def urls() -> list[URLPattern]:
    """What the admin site takes in beside its models' pages."""
    return [path("doctor/", admin.site.admin_view(page), name="doctor")]
