"""Webhooks for administrators: who hears of what, how it went, and trying again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.accounts.guarded import CappedPaginator, GuardedAdmin
from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission
from apps.kernel.errors import DomainError
from apps.webhooks import actions
from apps.webhooks.forms import EndpointForm, Whose
from apps.webhooks.models import Endpoint, WebhookDelivery

Do = Callable[[Endpoint], None]
SECRET_ONCE = _("Copy the secret now, it is shown only this once: %s")


@admin.register(Endpoint)
class EndpointAdmin(GuardedAdmin):
    needs = Permission.MANAGE_DESK
    about = _("A webhook tells another system at once what happens on the desk.")
    may_add = may_change = True
    form = EndpointForm
    list_display = ("name", "url", "hears_of", "standing", "failures", "failing_since")
    list_filter = ("state",)
    list_select_related = ("organisation",)
    search_fields = ("name", "url")
    ordering = ("name", "id")
    actions_detail = ("ping", "rotate", "switch")
    labels: ClassVar[dict[str, str]] = {
        "active": "success",
        "paused": "info",
        "disabled": "danger",
    }
    readonly_fields = ("state", "failures", "failing_since", "deliveries")

    @display(description=_("State"), label=labels)  # type: ignore[untyped-decorator]
    def standing(self, endpoint: Endpoint) -> tuple[str, str]:
        return endpoint.state, endpoint.get_state_display()

    @admin.display(description=_("Hears of"), ordering="organisation__name")
    def hears_of(self, endpoint: Endpoint) -> str:
        if endpoint.organisation is not None:
            return str(endpoint.organisation)
        return gettext("everything") if endpoint.internal else gettext("all customers")

    @admin.display(description=_("Deliveries"))
    def deliveries(self, endpoint: Endpoint) -> SafeString:
        path = reverse("admin:webhooks_webhookdelivery_changelist")
        link = f"{path}?endpoint__id__exact={endpoint.pk}"
        return format_html(
            '<a class="underline" href="{}">{}</a>', link, gettext("What was sent, and the answers")
        )

    def get_fieldsets(self, request: HttpRequest, obj: Endpoint | None = None) -> Any:  # noqa: ARG002
        """How it does comes first, and what is for our own systems is folded away from others."""
        failing = ("failures", "failing_since") if obj and obj.failures else ()
        state = [(None, {"fields": ("state", *failing, "deliveries")})] if obj else []
        folded = () if obj and obj.internal else ("collapse",)
        return [
            *state,
            (
                _("What it hears of") if obj else None,
                {"fields": ("name", "url", "facts", "whose", "organisation", "sure")},
            ),
            (_("Our own systems"), {"classes": folded, "fields": ("internal_facts",)}),
        ]

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        data = form.cleaned_data
        saved = actions.save_endpoint(
            endpoint=obj if change else None,
            name=data["name"],
            url=data["url"],
            facts=[*data["facts"], *data["internal_facts"]],
            internal=data["whose"] == Whose.OURS,
            organisation=data["organisation"],
            actor=actor_of(request),
            now=timezone.now(),
        )
        obj.pk = saved.pk
        if not change:
            messages.warning(request, SECRET_ONCE % actions.current_secret(saved))

    @action(description=_("Send a ping"), url_path="ping", permissions=["view"])  # type: ignore[untyped-decorator]
    def ping(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def send(endpoint: Endpoint) -> None:
            actions.ping(endpoint=endpoint, actor=actor_of(request), now=timezone.now())
            messages.success(request, _("The ping is on its way: see the deliveries."))

        text = _("A request without any data is sent, signed like all others.")
        return self._confirmed(request, object_id, _("Send a ping"), text, send)

    @action(description=_("New secret"), url_path="rotate", permissions=["view"])  # type: ignore[untyped-decorator]
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def change(endpoint: Endpoint) -> None:
            actor, now = actor_of(request), timezone.now()
            _row, secret = actions.rotate_secret(endpoint=endpoint, actor=actor, now=now)
            messages.warning(request, SECRET_ONCE % secret)

        text = _("For a day requests are signed with both secrets, the old one and the new one.")
        return self._confirmed(request, object_id, _("New secret"), text, change)

    @action(description=_("Switch on or off"), url_path="switch", permissions=["view"])  # type: ignore[untyped-decorator]
    def switch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def turn(endpoint: Endpoint) -> None:
            is_on = endpoint.state == Endpoint.State.ACTIVE
            verb = actions.pause if is_on else actions.resume
            verb(endpoint=endpoint, actor=actor_of(request), now=timezone.now())
            messages.success(request, _("It is off.") if is_on else _("It is on."))

        text = _(
            "While a webhook is off it hears of nothing, and is not told later."
            " What waited when it was switched off is sent when it is on again."
        )
        return self._confirmed(request, object_id, _("Switch on or off"), text, turn)

    def _confirmed(
        self, request: HttpRequest, object_id: str, button: Any, text: Any, then: Do
    ) -> HttpResponse:
        def do(endpoint: Endpoint) -> None:
            try:
                then(endpoint)
            except DomainError as error:
                messages.error(request, str(error))

        return self.confirmed(request, object_id, button=button, text=text, then=do)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(GuardedAdmin):
    """The log."""

    needs = Permission.MANAGE_DESK
    about = _("What a webhook is told is noted here, with what its server answered.")
    list_display = (
        "fact", "subject", "endpoint", "standing", "status", "attempts", "took_ms", "created_at",
    )  # fmt: skip
    list_filter = ("state", "endpoint")
    list_select_related = ("endpoint",)
    search_fields = ("=subject", "=fact", "=ref")
    search_help_text = _("A subject such as ticket:42, a fact's name, or a delivery's id")
    ordering = ("-id",)
    show_full_result_count = False
    paginator = CappedPaginator
    actions = ("send_again",)
    labels: ClassVar[dict[str, str]] = {"waiting": "info", "sent": "success", "failed": "danger"}

    @display(description=_("State"), label=labels)  # type: ignore[untyped-decorator]
    def standing(self, delivery: WebhookDelivery) -> tuple[str, str]:
        return delivery.state, delivery.get_state_display()

    @admin.action(description=_("Send again"), permissions=["view"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[WebhookDelivery]) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        count = actions.send_again(delivery_ids=ids, actor=actor_of(request), now=timezone.now())
        messages.success(request, _("%d will be sent again.") % count)
