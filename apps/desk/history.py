"""A ticket's facts in words that staff read. One query per kind of name that they mention."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import Team, User
from apps.events.envelope import Envelope
from apps.tickets.models import Category, Status

_PEOPLE = ("requester_id", "assignee_from", "assignee_to")
_PEOPLE_LISTS = ("watchers_added", "watchers_removed")
_TEAMS = ("team_from", "team_to")
_CATEGORIES = ("category_from", "category_to")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    at: datetime
    who: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What ids and slugs are called today."""

    people: Mapping[int, str]
    teams: Mapping[int, str]
    categories: Mapping[int, str]
    statuses: Mapping[str, str]


def entries(facts: Iterable[Envelope]) -> list[Entry]:
    known = list(facts)
    names = _names(known)
    return [
        Entry(at=fact.occurred_at, who=_who(fact, names), what=words(fact, names)) for fact in known
    ]


def words(fact: Envelope, names: Names) -> str:
    """One fact as a sentence without its subject; its name, if it is none of ours. Pure."""
    tell = _TELL.get(fact.name)
    return tell(fact.data, names) if tell else fact.name


def _who(fact: Envelope, names: Names) -> str:
    if fact.actor_id is None:
        return _("The desk")
    return names.people.get(fact.actor_id, _("Somebody"))


def _names(facts: list[Envelope]) -> Names:
    people = {fact.actor_id for fact in facts if fact.actor_id}
    people |= _ids(facts, _PEOPLE)
    people |= {pk for fact in facts for key in _PEOPLE_LISTS for pk in fact.data.get(key, ())}
    named = ("ticket.raised", "ticket.categorised")
    sorted_in = [fact for fact in facts if fact.name in named]
    return Names(
        people={user.pk: str(user) for user in User.objects.filter(pk__in=people)},
        teams=dict(Team.objects.filter(pk__in=_ids(facts, _TEAMS)).values_list("pk", "name")),
        categories=dict(
            Category.objects.filter(pk__in=_ids(sorted_in, _CATEGORIES)).values_list("pk", "name")
        ),
        statuses=dict(Status.objects.values_list("slug", "agent_label")),
    )


def _ids(facts: list[Envelope], keys: tuple[str, ...]) -> set[int]:
    return {fact.data[key] for fact in facts for key in keys if fact.data.get(key) is not None}


def _raised(data: Mapping[str, Any], _names: Names) -> str:
    follows = data.get("follows")
    return _("raised it, following up #%d") % follows if follows else _("raised it")


def _status(data: Mapping[str, Any], names: Names) -> str:
    before, after = data["status_from"], data["status_to"]
    return _("changed the status from %(before)s to %(after)s") % {
        "before": names.statuses.get(before, before),
        "after": names.statuses.get(after, after),
    }


def _assigned(data: Mapping[str, Any], names: Names) -> str:
    parts = []
    if data["team_from"] != data["team_to"]:
        team = names.teams.get(data["team_to"], "")
        parts.append(_("gave it to team %s") % team if team else _("took it out of its team"))
    if data["assignee_from"] != data["assignee_to"]:
        person = names.people.get(data["assignee_to"], "")
        parts.append(_("assigned it to %s") % person if person else _("assigned it to nobody"))
    return _(" and ").join(parts)


def _categorised(data: Mapping[str, Any], names: Names) -> str:
    after = names.categories.get(data["category_to"], "")
    return _("put it under %s") % after if after else _("took it out of its category")


def _prioritised(data: Mapping[str, Any], _names: Names) -> str:
    said: str = _("set the priority to P%d") % data["priority_to"]
    if data["override"] is not None:
        said = _("overrode the priority: P%d") % data["priority_to"]
    return said + (_(", a major incident") if data["is_major_incident"] else "")


def _updated(data: Mapping[str, Any], names: Names) -> str:
    people = names.people
    parts = [
        (_("tagged it %s"), ", ".join(data.get("tags_added", ()))),
        (_("took away the tag %s"), ", ".join(data.get("tags_removed", ()))),
        (_("added %s"), ", ".join(people.get(n, "?") for n in data.get("watchers_added", ()))),
        (
            _("took %s away"),
            ", ".join(people.get(n, "?") for n in data.get("watchers_removed", ())),
        ),
        (_("changed %s"), ", ".join(c for c in data["changed"] if c not in {"tags", "watchers"})),
    ]
    told = [text % values for text, values in parts if values]
    return "; ".join(told) or _("changed who watches it")


def _linked(data: Mapping[str, Any], _names: Names) -> str:
    values = {"kind": data["kind"].replace("_", " "), "number": data["target_id"]}
    if data.get("removed"):
        return _("took away the link “%(kind)s” to #%(number)d") % values
    return _("linked it: %(kind)s #%(number)d") % values


def _added(data: Mapping[str, Any], _names: Names) -> str:
    return _("wrote a work note") if data["visibility"] == "internal" else _("replied")


def _rated(data: Mapping[str, Any], _names: Names) -> str:
    text = _("changed the rating to %d of 5") if data["is_change"] else _("rated it %d of 5")
    return str(text % data["score"])


def _plain(text: Callable[[], str]) -> Callable[[Mapping[str, Any], Names], str]:
    return lambda _data, _names: text()


_TELL: dict[str, Callable[[Mapping[str, Any], Names], str]] = {
    "ticket.raised": _raised,
    "ticket.updated": _updated,
    "ticket.status_changed": _status,
    "ticket.assigned": _assigned,
    "ticket.categorised": _categorised,
    "ticket.prioritised": _prioritised,
    "ticket.merged": lambda data, _names: _("merged it into #%d") % data["survivor_id"],
    "ticket.unmerged": lambda data, _names: _("undid its merge into #%d") % data["survivor_id"],
    "ticket.split": lambda data, _names: _("split #%d off") % data["into_id"],
    "ticket.linked": _linked,
    "ticket.reopened": _plain(lambda: _("reopened it")),
    "ticket.closed": _plain(lambda: _("closed it")),
    "message.added": _added,
    "message.redacted": _plain(lambda: _("redacted a message")),
    "message.sent": _plain(lambda: _("mailed the reply")),
    "message.rejected": _plain(lambda: _("could not mail the reply")),
    "rating.requested": _plain(lambda: _("asked how it was")),
    "rating.given": _rated,
    "attachment.uploaded": _plain(lambda: _("attached a file")),
    "attachment.redacted": _plain(lambda: _("removed a file")),
}
