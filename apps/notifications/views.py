from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.middleware import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.kernel.errors import NotFoundError
from apps.kernel.forms import bound_to
from apps.notifications import actions, listing
from apps.notifications.compose import ticket_path
from apps.notifications.forms import PreferencesForm
from apps.notifications.kinds import Kind
from apps.notifications.models import Notification, Preference
from apps.notifications.outbox import Kept
from apps.notifications.outbox import outbox as kept_mail
from apps.notifications.unsubscribe import user_behind
from apps.tickets import policies

PAGE = 50
DIGITS = 18  # more make no row's number


@login_required
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """What concerns me, newest first; a page begins before the last note of the one before."""
    before = _number(request.GET.get("before", ""))
    page = listing.page(actor_of(request), before=before)
    context = {"page": page, "is_first": before is None}
    return render(request, "notifications/list.html", context)


@require_safe
def notifications_bell(request: HttpRequest) -> HttpResponse:
    """The bell of every page, which asks for itself once a minute, also when nobody is there."""
    if not actor_of(request).is_known:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return render(request, "notifications/bell.html")


@login_required
@require_safe
def notification_open(request: HttpRequest, pk: int) -> HttpResponse:
    """On to the ticket: what was to be told of it is read."""
    actor = actor_of(request)
    note = Notification.objects.shown_to(actor).select_related("ticket").filter(pk=pk).first()
    if note is None:
        raise NotFoundError
    actions.mark_read(ticket_id=note.ticket_id, actor=actor, now=timezone.now())
    return redirect(ticket_path(note.ticket, is_staff=policies.can_work(actor, note.ticket)))


@login_required
@require_POST
def notifications_read(request: HttpRequest) -> HttpResponse:
    """All that the page showed; what came meanwhile stays unread."""
    until = _number(request.POST.get("until", ""))
    actions.mark_read(until=until, actor=actor_of(request), now=timezone.now())
    return redirect("notifications")


@login_required
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    user = User.objects.get(pk=actor.id or 0)
    chosen = dict(Preference.objects.filter(user=user).values_list("kind", "mail"))
    form = PreferencesForm(
        *bound_to(request),
        initial={kind.value: chosen.get(kind.value, True) for kind in Kind},
        is_staff=actor.can(Permission.WORK_TICKETS),
    )
    if request.method == "POST" and form.is_valid():
        actions.prefer(user=user, choices=form.choices(), actor=actor)
        messages.success(request, _("Your choices are saved."))
        return redirect("preferences")
    return render(request, "notifications/preferences.html", {"form": form})


@csrf_exempt  # RFC 8058: the mail program posts, with nothing but the signed link
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """One click in the mail program, or a page with one button."""
    user = user_behind(token)
    if request.method == "POST":
        actions.unsubscribe(user=user)
    context = {"done": request.method == "POST", "address": user.email}
    return render(request, "notifications/unsubscribe.html", context)


@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """What the desk sent, where that can be read: on a laptop, and in front of a local AWS."""
    _require_reader(request)
    kept = kept_mail.get()
    names = kept.names()
    before = request.GET.get("before", "")
    if before:
        names = [name for name in names if name < before]
    mails = [mail for name in names[:PAGE] if (mail := kept.read(name))]
    following = names[PAGE - 1] if len(names) > PAGE else ""
    return render(request, "notifications/outbox.html", {"mails": mails, "next": following})


@require_safe
def outbox_mail(request: HttpRequest, name: str) -> HttpResponse:
    _require_reader(request)
    return render(request, "notifications/outbox_mail.html", {"mail": _mail(name)})


@require_safe
def outbox_part(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML of a mail, for the frame on its page: nothing in it runs."""
    _require_reader(request)
    response = HttpResponse(_mail(name).html)
    response["Content-Security-Policy"] = (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
        " style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


@require_safe
def outbox_source(request: HttpRequest, name: str) -> HttpResponse:
    _require_reader(request)
    mail = _mail(name)
    response = HttpResponse(mail.source, content_type="message/rfc822")
    response["Content-Disposition"] = f'attachment; filename="{mail.name}.eml"'
    return response


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= DIGITS else None


def _mail(name: str) -> Kept:
    mail = kept_mail.get().read(name)
    if mail is None:
        raise NotFoundError
    return mail


def _require_reader(request: HttpRequest) -> None:
    """In the demo anybody, since a visitor's code is in there; elsewhere administrators."""
    may = settings.DEMO or actor_of(request).can(Permission.MANAGE_DESK)
    if not (may and kept_mail.get().is_readable):
        raise NotFoundError
