"""The portal: what customers see and do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.middleware import actor_of
from apps.accounts.models import User
from apps.kernel.errors import NotFoundError
from apps.kernel.forms import shown_on
from apps.tickets import access, actions, custom, files, policies
from apps.tickets.conversation import conversation
from apps.tickets.files import stored
from apps.tickets.forms import RequestForm, WritingForm
from apps.tickets.models import Category, Ticket
from apps.tickets.statuses import ACTIVE, TERMINAL

PAGE = 25


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    tickets = (
        Ticket.objects.raised_by(actor.id).active().listed()[:5] if actor.id is not None else []
    )
    return render(request, "home.html", {"tickets": tickets})


@login_required
@require_safe
def ticket_list(request: HttpRequest) -> HttpResponse:
    """Mine, or my organisation's; a page begins after the last row of the one before."""
    actor, asked = actor_of(request), request.GET
    shared = actor.shared_organisation_id is not None and asked.get("whose") == "ours"
    tickets = Ticket.objects.visible_to(actor)
    tickets = (
        tickets.filter(organisation=actor.shared_organisation_id)
        if shared
        else tickets.raised_by(actor.id)
    )
    state = asked.get("state", "open")
    if state == "open":
        tickets = tickets.active()
    elif state == "solved":
        tickets = tickets.exclude(status_category__in=sorted(ACTIVE))
    moment, last = _moment(asked.get("before", "")), asked.get("last", "")
    if moment is not None and last.isdecimal():
        tickets = tickets.older_than(moment, int(last[:18]))
    found = list(tickets.listed()[: PAGE + 1])
    context = {
        "tickets": found[:PAGE],
        "following": found[PAGE - 1] if len(found) > PAGE else None,
        "state": state,
        "whose": "ours" if shared else "mine",
        "may_share": actor.shared_organisation_id is not None,
    }
    return render(request, "tickets/list.html", context)


def _moment(text: str) -> datetime | None:
    """A moment in ISO 8601 with its offset; None for anything else that stands in an address."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):  # there is no such day; or it is none in UTC
        return None


@login_required
@require_safe
def ticket_choose(request: HttpRequest) -> HttpResponse:
    """What is it about? The category decides what else we ask."""
    rows = Category.objects.filter(archived=False).order_by("position", "name")
    children: dict[int | None, list[Category]] = {}
    for row in rows:
        children.setdefault(row.parent_id, []).append(row)
    groups = [(top, children.get(top.pk, [])) for top in children.get(None, [])]
    return render(request, "tickets/choose.html", {"groups": groups})


@login_required
@require_http_methods(["GET", "POST"])
def ticket_new(request: HttpRequest, slug: str = "") -> HttpResponse:
    category = Category.objects.filter(slug=slug, archived=False).first() if slug else None
    if slug and category is None:
        raise NotFoundError
    form = RequestForm(
        request.POST or None,
        request.FILES or None,
        definitions=custom.definitions_for(category),
    )
    if request.method == "POST" and form.is_valid():
        actor = actor_of(request)
        with shown_on(form), stored(form.cleaned_data["attachments"]) as kept:
            ticket = actions.raise_ticket(
                requester=User.objects.get(pk=actor.id or 0),
                subject=form.cleaned_data["subject"],
                text=form.cleaned_data["text"],
                category=category,
                custom=form.custom(),
                attachments=kept,
                submission=form.cleaned_data["submission"],
                actor=actor,
                now=timezone.now(),
            )
            messages.success(request, _("We have your request. You will hear from us by mail."))
            return redirect("ticket", ticket.ref)
    return render(request, "tickets/new.html", {"form": form, "category": category})


@login_required
@require_safe
def ticket_page(request: HttpRequest, ref: str) -> HttpResponse:
    ticket = access.ticket_by_ref(ref, actor_of(request))
    return _show(request, ticket, WritingForm())


@login_required
@require_http_methods(["GET", "POST"])
def ticket_reply(request: HttpRequest, ref: str) -> HttpResponse:
    actor = actor_of(request)
    ticket = access.ticket_by_ref(ref, actor)
    form = WritingForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form), stored(form.cleaned_data["attachments"]) as kept:
            message = actions.reply(
                ticket=ticket,
                text=form.cleaned_data["text"],
                attachments=kept,
                submission=form.cleaned_data["submission"],
                actor=actor,
                now=timezone.now(),
            )
            return redirect("ticket", message.ticket.ref)
    return _show(request, ticket, form)


@login_required
@require_POST
def ticket_solve(request: HttpRequest, ref: str) -> HttpResponse:
    actor = actor_of(request)
    ticket = access.ticket_by_ref(ref, actor)
    actions.solve(ticket=ticket, actor=actor, now=timezone.now())
    messages.success(request, _("Good to hear. If it comes back, just reopen it."))
    return redirect("ticket", ref)


@login_required
@require_POST
def ticket_reopen(request: HttpRequest, ref: str) -> HttpResponse:
    actor = actor_of(request)
    ticket = access.ticket_by_ref(ref, actor)
    actions.reopen(ticket=ticket, actor=actor, now=timezone.now())
    messages.success(request, _("It is open again. Tell us what is still wrong."))
    return redirect("ticket", ref)


def _show(request: HttpRequest, ticket: Ticket, form: WritingForm) -> HttpResponse:
    actor = actor_of(request)
    context: dict[str, Any] = {
        "ticket": ticket,
        "messages_shown": conversation(ticket, actor),
        "form": form,
        "inline_types": files.INLINE_TYPES,
        "may_reply": policies.can_reply(actor, ticket),
        "may_settle": policies.can_settle(actor, ticket),
        "is_final": ticket.status_category in TERMINAL,
        "is_staff": policies.can_work(actor, ticket),
    }
    return render(request, "tickets/ticket.html", context)
