"""Views that the demo's people kept: a lead's for the team, an administrator's for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.accounts.access import actor_for
from apps.accounts.models import Team, TeamMember, User
from apps.accounts.permissions import Role
from apps.desk import actions
from apps.desk.models import SavedView
from apps.tickets.filters import Filter
from demo.desk import Desk


@dataclass(frozen=True, slots=True)
class _Kept:
    name: str
    filter: Filter
    order: str
    icon: str


_EVERYBODYS = (
    _Kept("Urgent", Filter(priority=("1", "2")), "priority", SavedView.Icon.BOLT),
    _Kept(
        "Urgent and nobody's",
        Filter(assignee=("none",), priority=("1", "2")),
        "oldest",
        SavedView.Icon.FLAG,
    ),
)


def keep_views(desk: Desk, *, now: datetime) -> None:
    """Through the desk's own verbs, as people would."""
    administrator = User.objects.filter(groups__name=Role.ADMINISTRATOR).order_by("pk").first()
    if administrator is not None:
        for kept in _EVERYBODYS:
            _keep(kept, administrator, [], now)
    names = [team.name for team in desk.teams.values()]
    leads = TeamMember.objects.filter(is_lead=True, team__name__in=names).order_by("pk")
    for lead in leads.select_related("team", "user"):
        words = Filter(team=(str(lead.team_id),), status=("new", "open"), waiting=("yes",))
        name = f"{lead.team}: customers wait"
        kept = _Kept(name, words, "waiting", SavedView.Icon.HOURGLASS)
        _keep(kept, lead.user, [lead.team], now)


def _keep(kept: _Kept, owner: User, teams: list[Team], now: datetime) -> None:
    sharing = SavedView.Sharing.TEAMS if teams else SavedView.Sharing.EVERYBODY
    actions.save_view(
        name=kept.name,
        filter_=kept.filter,
        order=kept.order,
        icon=kept.icon,
        sharing=sharing,
        teams=teams,
        actor=actor_for(owner),
        now=now,
    )
