"""Who takes new tickets: agents say it of themselves, leads of their teams' members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from apps.accounts import actions as people
from apps.accounts.access import availability_at, can_set_availability, led_by
from apps.accounts.middleware import actor_of
from apps.accounts.models import AgentState, Team, TeamMember, User
from apps.accounts.permissions import Permission
from apps.desk.admin.workspace import require_agent
from apps.kernel.actors import Actor
from apps.kernel.errors import DomainError, ForbiddenError, NotFoundError
from apps.kernel.forms import shown_on
from apps.tickets import actions
from apps.tickets.models import Ticket
from apps.tickets.querysets import open_tickets_of

MOST = 200  # people on the page, and tickets that one click hands back

Availability = AgentState.Availability


class AvailabilityForm(forms.Form):
    availability = forms.ChoiceField(
        label=_("Availability"), choices=Availability.choices, widget=forms.RadioSelect
    )
    until = forms.DateTimeField(
        label=_("Back at"),
        help_text=_("You are available again then, by yourself. Empty: until you say so."),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    note = forms.CharField(
        label=_("Note for colleagues"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("Lunch, training, …")}),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Somebody on the page."""

    user_id: int
    name: str
    state: str
    label: str
    until: datetime | None
    note: str
    load: int
    form: AvailabilityForm


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    require_agent(request)
    actor, now = actor_of(request), timezone.now()
    if request.method == "POST":
        user = _person(request, actor)
        if "hand_back" in request.POST:
            return _hand_back(request, user, actor)
        form = AvailabilityForm(request.POST, auto_id=f"person-{user.pk}-%s")
        if form.is_valid():
            with shown_on(form):
                people.set_availability(user=user, actor=actor, now=now, **form.cleaned_data)
                messages.success(request, _("Saved."))
                return redirect(_back(request))
        return _show(request, actor, now, troubled=(user.pk, form))
    return _show(request, actor, now)


def _person(request: HttpRequest, actor: Actor) -> User:
    """Whom it is about: the one who asks, unless somebody else is named."""
    asked = request.POST.get("person", "") or str(actor.id)
    user = User.objects.filter(pk=int(asked[:18]) if asked.isdecimal() else 0).first()
    if user is None:
        raise NotFoundError
    if not can_set_availability(actor, user):
        raise ForbiddenError
    return user


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return "admin:availability"


def _hand_back(request: HttpRequest, user: User, actor: Actor) -> HttpResponse:
    """Each in a transaction of its own: what is refused leaves the others done."""
    done = 0
    for ticket in Ticket.objects.visible_to(actor).filter(assignee=user).active()[:MOST]:
        try:
            actions.hand_back(ticket=ticket, actor=actor, now=timezone.now())
            done += 1
        except DomainError as error:
            messages.error(request, f"#{ticket.pk}: {error}")
    told = ngettext("%d ticket handed back.", "%d tickets handed back.", done) % done
    messages.success(request, told)
    return redirect("admin:availability")


def _show(
    request: HttpRequest,
    actor: Actor,
    now: datetime,
    troubled: tuple[int, AvailabilityForm] | None = None,
) -> HttpResponse:
    rows = _rows(actor, now, dict([troubled] if troubled else []))
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Availability"),
        "me": next((row for row in rows if row.user_id == actor.id), None),
        "others": [row for row in rows if row.user_id != actor.id],
        "troubled": troubled[0] if troubled else None,
    }
    return render(request, "desk/availability_page.html", context, status=409 if troubled else 200)


def _rows(actor: Actor, now: datetime, troubled: dict[int, AvailabilityForm]) -> list[Row]:
    """Whoever asks, and those of whom they may say it. One query, however many they are."""
    teams = Team.objects.all() if actor.can(Permission.MANAGE_PEOPLE) else led_by(actor)
    members = TeamMember.objects.filter(team__in=teams)
    shown = User.objects.filter(is_active=True, pk__in=members.values("user"))
    if not actor.can(Permission.MANAGE_PEOPLE):
        shown |= User.objects.filter(is_active=True, pk=actor.id or 0)
    found = (
        shown.order_by("name", "pk")
        .annotate(
            load=open_tickets_of("pk"),
            kept=F("agent_state__availability"),
            until=F("agent_state__until"),
            note=F("agent_state__note"),
        )
        .only("name", "email")[:MOST]
    )
    return [_row(user, now, troubled.get(user.pk)) for user in found]


def _row(user: Any, now: datetime, troubled: AvailabilityForm | None) -> Row:
    state = availability_at(user.kept, user.until, now)
    until = user.until if state != Availability.AVAILABLE else None
    note = (user.note or "") if state != Availability.AVAILABLE else ""
    said = {"availability": state, "until": until, "note": note}
    return Row(
        user_id=user.pk,
        name=str(user),
        state=state,
        label=str(Availability(state).label),
        until=until,
        note=note,
        load=user.load,
        form=troubled or AvailabilityForm(initial=said, auto_id=f"person-{user.pk}-%s"),
    )


def urls() -> list[URLPattern]:
    """What the admin site takes in beside its models' pages."""
    return [path("availability/", admin.site.admin_view(page), name="availability")]
