from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from apps.accounts.access import require
from apps.accounts.models import Team
from apps.accounts.permissions import Permission
from apps.desk import events, policies
from apps.desk.errors import ViewNameError, ViewTeamsError
from apps.desk.models import DeskPreference, SavedView
from apps.desk.models.views import LONGEST_NAME
from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError, NotFoundError
from apps.tickets.filters import Filter
from apps.tickets.orders import ORDERS

_Sharing = SavedView.Sharing


@transaction.atomic
def save_view(
    *,
    name: str,
    filter_: Filter,
    order: str,
    actor: Actor,
    now: datetime,
    view: SavedView | None = None,
    sharing: str = _Sharing.NOBODY,
    teams: Collection[Team] = (),
    icon: str = SavedView.Icon.FILTER,
) -> SavedView:
    """Keep a filter as a view, or change one that the actor may change."""
    require(actor, Permission.WORK_TICKETS)
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ViewNameError
    row = _lock(view, actor) if view is not None else _new(actor, now)
    _check_sharing(row, sharing, teams, actor)
    row.name, row.filter, row.icon = name, filter_.to_json(), SavedView.Icon(icon)
    row.order = order if order in ORDERS else "activity"
    row.sharing = _Sharing(sharing)
    row.save()
    row.teams.set(teams if row.sharing == _Sharing.TEAMS else [])
    fact = events.ViewSaved(
        subject=events.subject_of(row.pk),
        sharing=row.sharing.value,
        team_ids=tuple(sorted(team.pk for team in teams)),
    )
    journal.record(fact, actor=actor, now=now)
    return row


def _new(actor: Actor, now: datetime) -> SavedView:
    if actor.id is None:
        raise ForbiddenError
    last = SavedView.objects.filter(owner=actor.id).aggregate(last=Max("position"))["last"]
    return SavedView(
        owner_id=actor.id, created_at=now, position=0 if last is None else min(last + 1, 30_000)
    )


def _lock(view: SavedView, actor: Actor) -> SavedView:
    row = SavedView.objects.select_for_update().filter(pk=view.pk).first()
    if row is None:
        raise NotFoundError
    if not policies.can_change(actor, row):
        raise ForbiddenError
    return row


def _check_sharing(row: SavedView, sharing: str, teams: Collection[Team], actor: Actor) -> None:
    """What is shared already may stay so: a change of its name asks for nothing more."""
    before = set(row.teams.values_list("pk", flat=True)) if row.pk else set()
    wanted = {team.pk for team in teams}
    if sharing == _Sharing.TEAMS and not wanted:
        raise ViewTeamsError
    if sharing == row.sharing and wanted == before:
        return
    if sharing == _Sharing.EVERYBODY and not policies.can_share_with_everybody(actor):
        raise ForbiddenError
    if sharing == _Sharing.TEAMS and not policies.can_share_with(actor, wanted):
        raise ForbiddenError


@transaction.atomic
def remove_view(*, view: SavedView, actor: Actor, now: datetime) -> None:
    row = _lock(view, actor)
    fact = events.ViewRemoved(subject=events.subject_of(row.pk))
    journal.record(fact, actor=actor, now=now)
    row.delete()


@transaction.atomic
def move_view(*, view: SavedView, up: bool, actor: Actor) -> None:
    """One place up or down among the owner's views. At the end nothing changes."""
    row = _lock(view, actor)
    rows = list(SavedView.objects.filter(owner=row.owner_id).order_by("position", "pk"))
    places = [one.pk for one in rows]
    here = places.index(row.pk)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(places):
        return
    places[here], places[there] = places[there], places[here]
    for position, pk in enumerate(places):
        SavedView.objects.filter(pk=pk).exclude(position=position).update(position=position)


@transaction.atomic
def prefer(*, first_view: str, actor: Actor) -> DeskPreference:
    """The view that the actor's queue opens with."""
    require(actor, Permission.WORK_TICKETS)
    if actor.id is None:
        raise ForbiddenError
    row, _created = DeskPreference.objects.update_or_create(
        user_id=actor.id, defaults={"first_view": first_view}
    )
    return row
