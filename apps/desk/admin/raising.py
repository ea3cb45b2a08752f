"""A ticket for somebody who called or came by, by an agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import actions as people
from apps.accounts.invitation import send_way_in
from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission, Role
from apps.desk.forms import AgentRequestForm
from apps.kernel.forms import bound_to, shown_on
from apps.search import find
from apps.tickets import actions, custom
from apps.tickets.form_files import keep_files, pending
from apps.tickets.models import Category, Channel, Ticket

Chrome = Callable[[], dict[str, Any]]  # what the admin's frame needs
FEWEST, MOST = 2, 8  # letters that begin a search, and people that it shows


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, chrome: Chrome) -> HttpResponse:
    """The category first, since its fields follow from it."""
    slug = request.GET.get("category", "")
    category = Category.objects.filter(slug=slug, archived=False).first()
    context = {**chrome(), "title": _("New ticket"), "category": category}
    if category is None and request.method != "POST":
        context["categories"] = Category.objects.filter(archived=False).select_related("parent")
        return render(request, "admin/tickets/ticket/add.html", context)
    actor, now = actor_of(request), timezone.now()
    form = AgentRequestForm(
        *bound_to(request),
        definitions=custom.definitions_for(category),
        may_invite=actor.can(Permission.MANAGE_PEOPLE),
        initial={"impact": category.impact, "urgency": category.urgency} if category else None,
    )
    if request.method == "POST":
        keep_files(form, actor=actor, now=now)
        if form.is_valid():
            with shown_on(form):
                return _raised(request, form, category)
    context |= {"form": form, "pending": pending(form, actor=actor, now=now)}
    return render(request, "admin/tickets/ticket/add.html", context)


def _raised(
    request: HttpRequest, form: AgentRequestForm, category: Category | None
) -> HttpResponse:
    """Nobody is invited for a ticket that is refused."""
    with transaction.atomic():
        ticket = _raise(request, form, category)
    if form.is_newcomer:
        send_way_in(request, ticket.requester)
        messages.success(
            request, _("%s has an account now, and a mail with the way in.") % (ticket.requester,)
        )
    return redirect("admin:tickets_ticket_change", ticket.pk)


def _raise(request: HttpRequest, form: AgentRequestForm, category: Category | None) -> Ticket:
    data, actor, now = form.cleaned_data, actor_of(request), timezone.now()
    requester = form.person or people.invite(
        email=data["requester"], name=data["name"], role=Role.REQUESTER, actor=actor, now=now
    )
    return actions.raise_ticket(
        requester=requester,
        subject=data["subject"],
        text=data["text"],
        category=category,
        custom=form.custom(),
        impact=data["impact"],
        urgency=data["urgency"],
        channel=Channel.AGENT,
        uploads=data["uploads"],
        submission=data["submission"],
        actor=actor,
        now=now,
    )


@require_safe
def people_like(request: HttpRequest) -> HttpResponse:
    """Whom the typed letters may mean, as choices of the form's field."""
    text = request.GET.get("requester", "").strip()[:80]
    found = find.people(text, actor=actor_of(request), limit=MOST) if len(text) >= FEWEST else []
    return render(request, "admin/tickets/ticket/people_like.html", {"people": found})
