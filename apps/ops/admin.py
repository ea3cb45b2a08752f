"""What happens behind the pages, for administrators: read it, and try again what was given up."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.accounts.guarded import GuardedAdmin
from apps.accounts.permissions import Permission
from apps.events import relay
from apps.events.models import Delivery, Event
from apps.notifications import actions as mail
from apps.notifications.carrying import told
from apps.notifications.models import OutgoingMail
from apps.ops.models import ChoreRun

ACTORS = {
    "person": _("Person"),
    "token": _("API token"),
    "system": _("The desk"),
    "anonymous": _("A visitor"),
}


class DeliveryState(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return [("parked", _("Given up")), ("pending", _("Waiting")), ("done", _("Done"))]

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002
        queryset: QuerySet[Delivery],
    ) -> QuerySet[Delivery]:
        match self.value():
            case "parked":
                return queryset.filter(parked_at__isnull=False)
            case "pending":
                return queryset.filter(parked_at=None, done_at=None)
            case "done":
                return queryset.filter(done_at__isnull=False)
            case _:
                return queryset


@admin.register(Delivery)
class DeliveryAdmin(GuardedAdmin):
    needs = Permission.MANAGE_DESK
    about = _(
        "Whatever happens is handed to all parts of the desk that act on it: it is noted here."
    )
    list_display = ("event", "subscriber", "subject", "state", "failures", "due_at")
    list_filter = (DeliveryState, "subscriber")
    list_select_related = ("event",)
    search_fields = ("=subject",)
    ordering = ("-id",)
    show_full_result_count = False
    actions = ("try_again",)

    @display(  # type: ignore[untyped-decorator]
        description=_("State"),
        label={"done": "success", "pending": "info", "parked": "danger"},
    )
    def state(self, delivery: Delivery) -> tuple[str, str]:
        if delivery.parked_at:
            return "parked", gettext("Given up")
        if delivery.done_at:
            return "done", gettext("Done")
        return "pending", gettext("Waiting")

    @admin.action(description=_("Try again"), permissions=["view"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        count = relay.retry(delivery_ids=ids, now=timezone.now())
        messages.success(request, _("%d will be tried again.") % count)


@admin.register(Event)
class EventAdmin(GuardedAdmin):
    """The audit log."""

    needs = Permission.MANAGE_DESK
    titled = _("Journal")
    list_display = ("id", "name", "subject", "kind_of_actor", "actor_id", "occurred_at")
    search_fields = ("=subject", "=name")
    search_help_text = _("A subject such as ticket:42, or a fact's name")
    ordering = ("-id",)
    show_full_result_count = False
    fields = (
        "name",
        "version",
        "subject",
        "kind_of_actor",
        "actor_id",
        "causation_id",
        "correlation_id",
        "depth",
        "occurred_at",
        "recorded_at",
        "told",
    )
    readonly_fields = ("kind_of_actor", "told")

    @admin.display(description=_("kind of actor"), ordering="actor_kind")
    def kind_of_actor(self, event: Event) -> str:
        return str(ACTORS.get(event.actor_kind, event.actor_kind))

    @admin.display(description=_("Data"))
    def told(self, event: Event) -> str:
        return format_html("<pre>{}</pre>", json.dumps(event.data, indent=2, ensure_ascii=False))


@admin.register(OutgoingMail)
class OutgoingMailAdmin(GuardedAdmin):
    needs = Permission.MANAGE_DESK
    titled = _("Outgoing mail")
    about = _("Each mail that the desk sends is noted here, with what became of it.")
    list_display = ("subject", "to", "status", "became", "why", "created_at", "sent_at")
    list_filter = ("state", "outcome")
    search_fields = ("=to", "subject")
    ordering = ("-id",)
    show_full_result_count = False
    exclude = ("html", "waits", "insists", "error")
    readonly_fields = ("why",)
    actions = ("try_again",)
    labels: ClassVar[dict[str, str]] = {"queued": "info", "sent": "success", "failed": "danger"}
    outcomes: ClassVar[dict[str, str]] = {
        "delayed": "warning",
        "delivered": "success",
        "refused": "danger",
        "bounced": "danger",
        "complained": "danger",
    }

    @display(description=_("State"), label=labels)  # type: ignore[untyped-decorator]
    def status(self, row: OutgoingMail) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("Outcome"), label=outcomes)  # type: ignore[untyped-decorator]
    def became(self, row: OutgoingMail) -> tuple[str, str] | None:
        return (row.outcome, row.get_outcome_display()) if row.outcome else None

    @admin.display(description=_("Error"))
    def why(self, row: OutgoingMail) -> str:
        return told(row.error)

    @admin.action(description=_("Try again"), permissions=["view"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[OutgoingMail]) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        count = mail.retry_mail(mail_ids=ids, now=timezone.now())
        messages.success(request, _("%d will be tried again.") % count)


@admin.register(ChoreRun)
class ChoreRunAdmin(GuardedAdmin):
    needs = Permission.MANAGE_DESK
    list_display = ("name", "due_at", "sent_at")
    ordering = ("name",)
