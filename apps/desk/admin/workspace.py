"""One ticket, as an agent works on it. Every button is one of the domain's actions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission
from apps.desk import history
from apps.desk.forms import AgentRequestForm, ComposerForm
from apps.desk.panels import PANELS, Panel, panels_for
from apps.events import journal
from apps.kernel.errors import ForbiddenError, NotFoundError
from apps.kernel.forms import shown_on
from apps.tickets import access, actions, custom, events, files, policies, statuses
from apps.tickets.conversation import conversation
from apps.tickets.files import stored
from apps.tickets.models import Category, Channel, Link, Message, Ticket

HISTORY = 30  # facts
OTHERS = 5  # tickets of the same requester

Chrome = dict[str, Any]  # what the admin's frame needs


def require_agent(request: HttpRequest) -> None:
    if not actor_of(request).can(Permission.WORK_TICKETS):
        raise ForbiddenError


@require_safe
def show(request: HttpRequest, chrome: Chrome, pk: int) -> HttpResponse:
    return _page(request, chrome, access.ticket_by_id(pk, actor_of(request)))


@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, chrome: Chrome, pk: int) -> HttpResponse:
    """A reply, or with the button “note” a work note. What is refused keeps its text."""
    actor = actor_of(request)
    ticket = access.ticket_by_id(pk, actor)
    if request.method != "POST":
        return redirect("admin:tickets_ticket_change", pk)
    form = ComposerForm(request.POST, request.FILES, ticket=ticket)
    if form.is_valid():
        with shown_on(form), stored(form.cleaned_data["attachments"]) as kept:
            message = _write(request, ticket, form.cleaned_data, kept)
            return redirect("admin:tickets_ticket_change", message.ticket_id)
        ticket = access.ticket_by_id(pk, actor)
        # What is new stands above the text now, so the next sending goes through.
        form.refresh(ticket.version)
    return _page(request, chrome, ticket, composer=form, status=409)


@transaction.atomic
def _write(
    request: HttpRequest, ticket: Ticket, data: dict[str, Any], kept: list[files.StoredFile]
) -> Message:
    common: dict[str, Any] = {
        "ticket": ticket,
        "text": data["text"],
        "attachments": kept,
        "submission": data["submission"],
        "expected_version": data["version"],
        "actor": actor_of(request),
        "now": timezone.now(),
    }
    if "note" not in request.POST:
        return actions.reply(status=data["status"], channel=Channel.AGENT, **common)
    message = actions.note(**common)
    if data["status"] is not None:
        actions.change_status(
            ticket=message.ticket,
            status=data["status"],
            actor=common["actor"],
            now=common["now"],
        )
    return message


@require_POST
def do(request: HttpRequest, chrome: Chrome, pk: int, panel: str) -> HttpResponse:
    """One panel, one action. What is refused stays in its panel, as it was typed."""
    actor = actor_of(request)
    ticket = access.ticket_by_id(pk, actor)
    kind = PANELS.get(panel)
    if kind is None:
        raise NotFoundError
    if not kind.allowed(ticket, actor):
        raise ForbiddenError
    form = kind(request.POST, ticket=ticket, actor=actor)
    if form.is_valid():
        with shown_on(form):
            after = form.apply(now=timezone.now())
            messages.success(request, str(form.done))
            return redirect("admin:tickets_ticket_change", after.pk)
        ticket = access.ticket_by_id(pk, actor)
        form.refresh(ticket.version)
    if panel == "take":  # it has no panel that could say it
        messages.error(request, " ".join(map(str, form.non_field_errors())))
        return redirect("admin:tickets_ticket_change", pk)
    return _page(request, chrome, ticket, panel=form, status=409)


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, chrome: Chrome) -> HttpResponse:
    """A ticket for a customer: the category first, since its fields follow from it."""
    slug = request.GET.get("category", "")
    category = Category.objects.filter(slug=slug, archived=False).first()
    context = {**chrome, "title": _("New ticket"), "category": category}
    if category is None and request.method != "POST":
        context["categories"] = Category.objects.filter(archived=False).select_related("parent")
        return render(request, "admin/tickets/ticket/add.html", context)
    actor = actor_of(request)
    form = AgentRequestForm(
        request.POST or None,
        request.FILES or None,
        definitions=custom.definitions_for(category),
        initial={"impact": category.impact, "urgency": category.urgency} if category else None,
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        with shown_on(form), stored(data["attachments"]) as kept:
            ticket = actions.raise_ticket(
                requester=data["requester"],
                subject=data["subject"],
                text=data["text"],
                category=category,
                custom=form.custom(),
                impact=data["impact"],
                urgency=data["urgency"],
                channel=Channel.AGENT,
                attachments=kept,
                submission=data["submission"],
                actor=actor,
                now=timezone.now(),
            )
            return redirect("admin:tickets_ticket_change", ticket.pk)
    return render(request, "admin/tickets/ticket/add.html", {**context, "form": form})


def _page(
    request: HttpRequest,
    chrome: Chrome,
    ticket: Ticket,
    *,
    composer: ComposerForm | None = None,
    panel: Panel | None = None,
    status: int = 200,
) -> HttpResponse:
    actor = actor_of(request)
    seen = Ticket.objects.visible_to(actor)
    context = {
        **chrome,
        "title": f"#{ticket.pk}",
        "ticket": ticket,
        "conversation": conversation(ticket, actor),
        "inline_types": files.INLINE_TYPES,
        "composer": composer or ComposerForm(ticket=ticket),
        "panels": panels_for(ticket, actor, instead=panel),
        "troubled": panel.name if panel else "",
        "may_work": policies.can_work(actor, ticket),
        "may_reply": ticket.status_category not in statuses.TERMINAL,
        "is_mine": ticket.assignee_id == actor.id,
        "is_final": ticket.status_category in statuses.TERMINAL,
        "links_in": Link.objects.filter(target=ticket, source__in=seen).select_related("source"),
        "links_out": Link.objects.filter(source=ticket, target__in=seen).select_related("target"),
        "merged_in": seen.filter(merged_into=ticket),
        "children": seen.filter(parent=ticket),
        "others": seen.raised_by(ticket.requester_id).exclude(pk=ticket.pk).listed()[:OTHERS],
        "history": history.entries(journal.history(events.subject_of(ticket.pk), limit=HISTORY)),
    }
    return render(request, "admin/tickets/ticket/workspace.html", context, status=status)
