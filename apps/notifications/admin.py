"""Addresses that mail came back from, for administrators."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import action, display

from apps.accounts.guarded import GuardedAdmin
from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission
from apps.notifications import actions
from apps.notifications.models import Recipient


@admin.register(Recipient)
class RecipientAdmin(GuardedAdmin):
    needs = Permission.MANAGE_DESK
    titled = _("Mail that came back")
    about = _(
        "Where mail can't be delivered, or its reader calls it spam, the address is noted here, and"
        " no more is sent to it."
    )
    list_display = ("address", "how", "reason", "since")
    list_filter = ("state",)
    search_fields = ("=address",)
    ordering = ("-since",)
    show_full_result_count = False
    fields = (
        "address",
        "state",
        "reason",
        "since",
        "soft_bounces",
        "delivered_at",
        "cleared_at",
    )
    actions = ("mail_again",)
    actions_detail = ("again",)
    labels: ClassVar[dict[str, str]] = {
        "ok": "success",
        "bouncing": "warning",
        "suppressed": "danger",
        "complained": "danger",
    }

    @display(description=_("State"), label=labels)  # type: ignore[untyped-decorator]
    def how(self, row: Recipient) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @admin.action(description=_("Mail to this address again"), permissions=["view"])
    def mail_again(self, request: HttpRequest, chosen: QuerySet[Recipient]) -> None:
        for known in chosen:
            _clear(request, known.address)
        messages.success(request, _("Mail goes there again: %d") % len(chosen))

    @action(description=_("Mail there again"), url_path="again", permissions=["view"])  # type: ignore[untyped-decorator]
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def clear(known: Recipient) -> None:
            _clear(request, known.address)
            messages.success(request, _("The next answer goes to this address again."))

        text = _("Make sure first that the address is right, and that its reader wants our mail.")
        return self.confirmed(
            request, object_id, button=_("Mail there again"), text=text, then=clear
        )

    def get_urls(self) -> list[Any]:
        again = self.admin_site.admin_view(again_view)
        return [path("again/", again, name="mail_again"), *super().get_urls()]


@require_POST
def again_view(request: HttpRequest) -> HttpResponse:
    """From a page that shows one address; back to it."""
    _clear(request, request.POST.get("address", ""))
    messages.success(request, _("The next answer goes to this address again."))
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()})
    return redirect(back if is_ours else "admin:index")


def _clear(request: HttpRequest, address: str) -> None:
    actions.clear_address(address=address, actor=actor_of(request), now=timezone.now())
