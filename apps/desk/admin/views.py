"""The page on which people keep their views: name, share, reorder, remove, begin the day with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.middleware import actor_of
from apps.accounts.models import Team
from apps.desk import actions, board, policies, wording
from apps.desk.errors import BulkVerbError
from apps.desk.forms import ViewForm
from apps.desk.models import SavedView
from apps.desk.options import options
from apps.kernel.actors import Actor
from apps.kernel.errors import NotFoundError
from apps.kernel.forms import shown_on
from apps.tickets.filters import Filter


@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if request.method == "POST":
        act = _VERBS.get(request.POST.get("do", ""))
        if act is None:
            raise BulkVerbError
        done = act(request, actor)
        board.forget(actor)
        if not isinstance(done, ViewForm):
            return redirect(done or "admin:tickets_ticket_views")
        context = _page(request.POST, actor, refused=done)
        return render(request, "admin/tickets/ticket/views.html", context, status=409)
    context = _page(request.GET, actor)
    return render(request, "admin/tickets/ticket/views.html", context)


def _page(data: QueryDict, actor: Actor, refused: ViewForm | None = None) -> dict[str, Any]:
    """`data` has the filter that waits for its name; `refused` is what was typed for it."""
    found = options()
    mine = policies.views_of(actor).select_related("owner").prefetch_related("teams")
    shown = board.board_of(actor)
    by_id = {row.pk: row for row in mine}
    kept = [
        {
            "view": view,
            "row": by_id[view.saved],
            "may_change": policies.can_change(actor, by_id[view.saved]),
            "is_mine": view.owner == actor.id,
            "phrases": wording.phrases(view.filter, found),
            "teams": {team.pk for team in by_id[view.saved].teams.all()},
        }
        for view in shown.views
        if view.saved in by_id
    ]
    return {
        "title": _("Views"),
        "board": shown,
        "kept": kept,
        "first": shown.first_view().key,
        "new_filter": data.get("new", ""),
        "new_phrases": wording.phrases(_filter_of(data), found),
        "new_order": data.get("order", ""),
        "refused": refused,
        "typed": {name: data.get(name, "") for name in ("name", "icon", "sharing")},
        "typed_teams": {int(pk) for pk in data.getlist("teams") if pk.isdecimal()},
        "icons": SavedView.Icon.choices,
        "sharing": _sharing_for(actor),
        "teams": list(_shareable(actor)),
        "path": reverse("admin:tickets_ticket_changelist"),
    }


def _filter_of(data: QueryDict) -> Filter:
    return Filter.from_query(QueryDict(data.get("new", "")))


def _sharing_for(actor: Actor) -> list[tuple[str, str]]:
    offered = [(value, str(label)) for value, label in SavedView.Sharing.choices]
    if not policies.can_share_with_everybody(actor):
        offered = [pair for pair in offered if pair[0] != SavedView.Sharing.EVERYBODY]
    if not _shareable(actor).exists():
        offered = [pair for pair in offered if pair[0] != SavedView.Sharing.TEAMS]
    return offered


def _shareable(actor: Actor) -> QuerySet[Team]:
    if policies.can_share_with_everybody(actor):
        return Team.objects.all()
    return Team.objects.filter(pk__in=policies.teams_led_by(actor))


def _view(request: HttpRequest, actor: Actor) -> SavedView:
    pk = request.POST.get("view", "")
    row = policies.views_of(actor).filter(pk=pk).first() if pk.isdecimal() else None
    if row is None:
        raise NotFoundError
    return row


def _form(request: HttpRequest, actor: Actor) -> ViewForm:
    return ViewForm(
        request.POST, teams=_shareable(actor), everybody=policies.can_share_with_everybody(actor)
    )


def _save(request: HttpRequest, actor: Actor) -> str | ViewForm:
    """Keep the queue's present filter as a new view. What is refused keeps filter and words."""
    form = _form(request, actor)
    if not form.is_valid():
        return form
    with shown_on(form):
        row = actions.save_view(
            name=form.cleaned_data["name"],
            filter_=_filter_of(request.POST),
            order=request.POST.get("order", ""),
            sharing=form.cleaned_data["sharing"],
            teams=form.cleaned_data["teams"],
            icon=form.cleaned_data["icon"],
            actor=actor,
            now=timezone.now(),
        )
        messages.success(request, _("“%s” is kept.") % row.name)
        return f"{reverse('admin:tickets_ticket_changelist')}?view=v{row.pk}"
    return form


def _change(request: HttpRequest, actor: Actor) -> str | None:
    """Its name, icon and who sees it; the filter stays."""
    row, form = _view(request, actor), _form(request, actor)
    if not form.is_valid():
        return _complain(request, form)
    actions.save_view(
        view=row,
        name=form.cleaned_data["name"],
        filter_=Filter.from_json(row.filter),
        order=row.order,
        sharing=form.cleaned_data["sharing"],
        teams=form.cleaned_data["teams"],
        icon=form.cleaned_data["icon"],
        actor=actor,
        now=timezone.now(),
    )
    messages.success(request, _("“%s” is kept.") % row.name)
    return None


def _refill(request: HttpRequest, actor: Actor) -> str | None:
    """The view keeps its name and gets the queue's present filter."""
    row = _view(request, actor)
    actions.save_view(
        view=row,
        name=row.name,
        filter_=_filter_of(request.POST),
        order=request.POST.get("order", "") or row.order,
        sharing=row.sharing,
        teams=list(row.teams.all()),
        icon=row.icon,
        actor=actor,
        now=timezone.now(),
    )
    messages.success(request, _("“%s” is kept.") % row.name)
    return f"{reverse('admin:tickets_ticket_changelist')}?view=v{row.pk}"


def _remove(request: HttpRequest, actor: Actor) -> str | None:
    row = _view(request, actor)
    actions.remove_view(view=row, actor=actor, now=timezone.now())
    messages.success(request, _("“%s” is gone.") % row.name)
    return None


def _up(request: HttpRequest, actor: Actor) -> str | None:
    actions.move_view(view=_view(request, actor), up=True, actor=actor)
    return None


def _down(request: HttpRequest, actor: Actor) -> str | None:
    actions.move_view(view=_view(request, actor), up=False, actor=actor)
    return None


def _first(request: HttpRequest, actor: Actor) -> str | None:
    key = request.POST.get("key", "")
    if board.board_of(actor).view(key) is None:
        raise NotFoundError
    actions.prefer(actor=actor, first_view=key)
    messages.success(request, _("Your queue opens with this view now."))
    return None


def _complain(request: HttpRequest, form: ViewForm) -> str | None:
    for name, errors in form.errors.items():
        for error in errors:
            messages.error(request, f"{form.fields[name].label}: {error}")
    return None


_VERBS: dict[str, Callable[[HttpRequest, Actor], str | ViewForm | None]] = {
    "save": _save,
    "change": _change,
    "refill": _refill,
    "remove": _remove,
    "up": _up,
    "down": _down,
    "first": _first,
}
