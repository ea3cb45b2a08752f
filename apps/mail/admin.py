"""Mail that came in, for administrators: as it came, and to be read once more."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from unfold.decorators import display

from apps.accounts.guarded import CappedPaginator, GuardedAdmin
from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission
from apps.kernel.errors import DomainError, ForbiddenError, NotFoundError
from apps.mail import actions, reading
from apps.mail.inbox import KeptElsewhereError, RawMissingError
from apps.mail.models import IncomingMail

NOTHING_RUNS = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
    " style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)


@admin.register(IncomingMail)
class IncomingMailAdmin(GuardedAdmin):
    needs = Permission.MANAGE_DESK
    titled = _("Incoming mail")
    about = _("Each mail that is sent to the desk is kept here as it came.")
    list_display = ("what", "who", "how", "spam", "virus", "received_at")
    list_filter = ("state", "spam", "virus")
    search_fields = ("=envelope_from", "=message_id", "=key", "subject")
    ordering = ("-id",)
    paginator = CappedPaginator
    show_full_result_count = False
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "mail",
                    "state",
                    "received_at",
                    "envelope_from",
                    "recipients",
                    "spam",
                    "virus",
                )
            },
        ),
        (
            _("Where it is kept"),
            {
                "classes": ("collapse",),
                "fields": ("store", "key", "size", "carried_as", "error", "replayed_at", "notice"),
            },
        ),
    )
    readonly_fields = ("mail", "recipients")
    actions = ("replay",)
    labels: ClassVar[dict[str, str]] = {
        "received": "info",
        "kept": "success",
        "replayed": "success",
        "missing": "danger",
        "erasing": "warning",
    }

    @admin.display(description=_("Subject"), ordering="subject")
    def what(self, row: IncomingMail) -> str:
        is_read = row.state in {IncomingMail.State.KEPT, IncomingMail.State.REPLAYED}
        return row.subject or (gettext("No subject") if is_read else gettext("Not read yet"))

    @admin.display(description=_("Sender"), ordering="sender")
    def who(self, row: IncomingMail) -> str:
        return row.sender or row.envelope_from

    @admin.display(description=_("Envelope recipients"))
    def recipients(self, row: IncomingMail) -> str:
        return ", ".join(row.envelope_to)

    @display(description=_("State"), label=labels)  # type: ignore[untyped-decorator]
    def how(self, row: IncomingMail) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @admin.display(description=_("Mail"))
    def mail(self, row: IncomingMail) -> SafeString:
        """The mail itself. Read once a page, which asks for each field's content five times."""
        known = vars(row)
        if "_as_shown" not in known:
            known["_as_shown"] = self._as_shown(row)
        told: SafeString = known["_as_shown"]
        return told

    def _as_shown(self, row: IncomingMail) -> SafeString:
        """Why not, where it can't be had."""
        try:
            told: dict[str, Any] = {"shown": reading.shown(actions.raw_of(row))}
        except DomainError as error:
            told = {"trouble": str(error)}
        return render_to_string("admin/mail/mail.html", {"mail": row, **told})

    @admin.action(description=_("Read again"), permissions=["view"])
    def replay(self, request: HttpRequest, chosen: QuerySet[IncomingMail]) -> None:
        for mail in chosen:
            try:
                actions.replay(mail=mail, actor=actor_of(request), now=timezone.now())
            except DomainError as error:
                messages.error(request, f"{mail}: {error}")
            else:
                messages.success(request, _("Read again: %s") % mail)

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/html/", wrap(html_of), name="mail_html"),
            path("<int:pk>/source/", wrap(source_of), name="mail_source"),
            *super().get_urls(),
        ]


@require_safe
def html_of(request: HttpRequest, pk: int) -> HttpResponse:
    """Its HTML as it came, for the frame on its page: nothing in it runs or is fetched."""
    response = HttpResponse(reading.shown(_raw(request, pk)).html)
    response["Content-Security-Policy"] = NOTHING_RUNS
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


@require_safe
def source_of(request: HttpRequest, pk: int) -> HttpResponse:
    response = HttpResponse(_raw(request, pk), content_type="message/rfc822")
    response["Content-Disposition"] = f'attachment; filename="mail-{pk}.eml"'
    response["Content-Security-Policy"] = NOTHING_RUNS
    return response


def _raw(request: HttpRequest, pk: int) -> bytes:
    if not actor_of(request).can(Permission.MANAGE_DESK):
        raise ForbiddenError
    mail = IncomingMail.objects.filter(pk=pk).first()
    if mail is None:
        raise NotFoundError
    try:
        return actions.raw_of(mail)
    except (RawMissingError, KeptElsewhereError):
        raise NotFoundError from None
