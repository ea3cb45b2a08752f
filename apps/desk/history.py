"""A ticket's facts in words that staff read. At most one query per kind of name they mention."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import Team, User
from apps.desk import directory
from apps.desk.directory import Directory
from apps.desk.models import Draft
from apps.events.envelope import Envelope
from apps.tickets.assignment import Explanation, tell
from apps.tickets.models import Category, Link

_PEOPLE = ("requester_id", "assignee_from", "assignee_to", "author_id")
_PEOPLE_LISTS = ("watchers_added", "watchers_removed", "user_ids", "considered")
_TEAMS = ("team_from", "team_to")
_CATEGORIES = ("category_from", "category_to")
# What the conversation shows already, and what it shows beside the message.
_MESSAGES = frozenset({"ticket.raised", "attachment.uploaded", "attachment.scanned"})
_ASSIGNMENTS = frozenset({"ticket.assigned", "ticket.left_waiting"})
_REARRANGING = frozenset(
    {"ticket.split", "ticket.merged", "ticket.unmerged", "message.redacted", "attachment.redacted"}
)
_SAME_MOMENT = 90  # seconds in which one person's changes are told on one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One fact in words; `is_message` tells what was written from what was changed."""

    id: int
    at: datetime
    who: str
    what: str
    is_message: bool = False
    rearranges: bool = False  # messages came, went or were blacked out: show them anew
    why: Explanation | None = None  # of what a team's policy chose
    is_assignment: bool = False

    @property
    def day(self) -> date:
        return timezone.localtime(self.at).date()


@dataclass(slots=True, kw_only=True)
class Line:
    """What one person changed at one moment, between two messages."""

    at: datetime
    who: str
    parts: list[str] = field(default_factory=list)

    @property
    def what(self) -> str:
        return ", ".join(self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What ids and slugs are called today."""

    people: Mapping[int, str]
    teams: Mapping[int, str]
    categories: Mapping[int, str]
    statuses: Mapping[str, str]


def entries(
    facts: Iterable[Envelope],
    *,
    people: Mapping[int, str] | None = None,
    book: Directory | None = None,
) -> list[Entry]:
    """`people` are names that the page knows anyway; `book` saves looking it up again."""
    known = list(facts)
    names = _names(known, people or {}, book or directory.known())
    return [
        Entry(
            id=fact.id,
            at=fact.occurred_at,
            who=_who(fact, names),
            what=words(fact, names),
            is_message=fact.name in _MESSAGES or fact.name.startswith("message."),
            rearranges=fact.name in _REARRANGING,
            why=_why(fact, names),
            is_assignment=fact.name in _ASSIGNMENTS,
        )
        for fact in known
    ]


def lines(told: Iterable[Entry], *, since: datetime | None) -> list[Line]:
    """Changes as thin lines between messages, oldest first; one person's at once are one line."""
    found: list[Line] = []
    for entry in sorted(told, key=lambda entry: entry.id):
        if entry.is_message or not entry.what or (since is not None and entry.at < since):
            continue
        last = found[-1] if found else None
        if (
            last is not None
            and last.who == entry.who
            and (entry.at - last.at).total_seconds() < _SAME_MOMENT
        ):
            last.parts.append(entry.what)
        else:
            found.append(Line(at=entry.at, who=entry.who, parts=[entry.what]))
    return found


def words(fact: Envelope, names: Names) -> str:
    """One fact as a sentence without its subject; its name, if it is none of ours. Pure."""
    if fact.name == "ticket.assigned" and _is_taken(fact):
        return _("took it")
    say = _TELL.get(fact.name)
    return say(fact.data, names) if say else fact.name.replace(".", " ").replace("_", " ")


def _why(fact: Envelope, names: Names) -> Explanation | None:
    is_choice = fact.name == "ticket.left_waiting" or fact.data.get("automatic", False)
    return tell(fact, names.people) if fact.name in _ASSIGNMENTS and is_choice else None


def _is_taken(fact: Envelope) -> bool:
    return fact.actor_id is not None and fact.data["assignee_to"] == fact.actor_id


def _who(fact: Envelope, names: Names) -> str:
    if fact.actor_id is None:
        return _("The desk")
    return names.people.get(fact.actor_id, _("Somebody"))


def _names(facts: list[Envelope], known: Mapping[int, str], book: Directory) -> Names:
    people = {fact.actor_id for fact in facts if fact.actor_id} | _ids(facts, _PEOPLE)
    people |= {pk for fact in facts for key in _PEOPLE_LISTS for pk in fact.data.get(key, ())}
    named = ("ticket.raised", "ticket.categorised")
    sorted_in = [fact for fact in facts if fact.name in named]
    teams = _ids(facts, _TEAMS) - book.teams.keys()
    categories = _ids(sorted_in, _CATEGORIES) - book.categories.keys()
    strangers = people - book.staff.keys() - known.keys()
    found = User.objects.filter(pk__in=strangers) if strangers else ()
    new_teams = Team.objects.filter(pk__in=teams) if teams else ()
    new_categories = Category.objects.filter(pk__in=categories) if categories else ()
    return Names(
        people={**known, **book.staff, **{user.pk: str(user) for user in found}},
        teams={**book.teams, **{team.pk: team.name for team in new_teams}},
        categories={**book.categories, **{row.pk: row.name for row in new_categories}},
        statuses={status.slug: status.words for status in book.statuses},
    )


def _ids(facts: list[Envelope], keys: tuple[str, ...]) -> set[int]:
    return {fact.data[key] for fact in facts for key in keys if fact.data.get(key) is not None}


_KINDS = frozenset(Link.Kind.values)


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
    told: str = _(" and ").join(parts)
    if data.get("automatic") and data["assignee_to"] is not None:
        told = _("%(told)s by the team's rule") % {"told": told}
    return told


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
        (_("changed %s"), ", ".join(_names_of(data["changed"]))),
    ]
    told = [text % values for text, values in parts if values]
    return "; ".join(told) or _("changed who watches it")


def _names_of(changed: Iterable[str]) -> list[str]:
    """The fields that changed, but those that are told of with their values."""
    words = {"subject": _("the subject"), "kind": _("the kind"), "custom": _("the details")}
    return [words.get(name, name) for name in changed if name not in {"tags", "watchers"}]


def _linked(data: Mapping[str, Any], _names: Names) -> str:
    kind = data["kind"]
    words = str(Link.Kind(kind).label) if kind in _KINDS else _("child of")
    values = {"kind": words, "number": data["target_id"]}
    if data.get("removed"):
        return _("took away the link “%(kind)s” to #%(number)d") % values
    return _("linked it: %(kind)s #%(number)d") % values


def _added(data: Mapping[str, Any], _names: Names) -> str:
    return _("wrote a work note") if data["visibility"] == "internal" else _("replied")


def _mentioned(data: Mapping[str, Any], names: Names) -> str:
    return _("mentioned %s") % ", ".join(names.people.get(pk, "?") for pk in data["user_ids"])


def _held(data: Mapping[str, Any], _names: Names) -> str:
    return _("wrote a reply (%s)") % Draft.Notice(data["why"]).label


def _rated(data: Mapping[str, Any], _names: Names) -> str:
    text = _("changed the rating to %d of 5") if data["is_change"] else _("rated it %d of 5")
    return str(text % data["score"])


def _held_back(data: Mapping[str, Any], _names: Names) -> str:
    return str(_("held back a file that may do harm (%s)") % data["finding"])


def _missed(data: Mapping[str, Any], _names: Names) -> str:
    return _("found a missing file again") if data["found"] else _("missed a file in the storage")


def _plain(text: Callable[[], str]) -> Callable[[Mapping[str, Any], Names], str]:
    return lambda _data, _names: text()


_TELL: dict[str, Callable[[Mapping[str, Any], Names], str]] = {
    "ticket.raised": _raised,
    "ticket.updated": _updated,
    "ticket.status_changed": _status,
    "ticket.assigned": _assigned,
    "ticket.left_waiting": _plain(lambda: _("found nobody in the team who could take it")),
    "ticket.categorised": _categorised,
    "ticket.prioritised": _prioritised,
    "ticket.merged": lambda data, _names: _("merged it into #%d") % data["survivor_id"],
    "ticket.unmerged": lambda data, _names: _("undid its merge into #%d") % data["survivor_id"],
    "ticket.split": lambda data, _names: _("split #%d off") % data["into_id"],
    "ticket.linked": _linked,
    "ticket.reopened": _plain(lambda: _("reopened it")),
    "ticket.closed": _plain(lambda: _("closed it")),
    "message.added": _added,
    "message.mentioned": _mentioned,
    "reply.held": _held,
    "rating.requested": _plain(lambda: _("was asked how the answer was")),
    "rating.given": _rated,
    "message.redacted": _plain(lambda: _("redacted a message")),
    "message.sent": _plain(lambda: _("mailed the reply")),
    "message.rejected": _plain(lambda: _("could not mail the reply")),
    "message.delivered": _plain(lambda: _("the mail arrived")),
    "message.bounced": _plain(lambda: _("the mail came back")),
    "attachment.uploaded": _plain(lambda: _("attached a file")),
    "attachment.scanned": _plain(lambda: _("checked a file for harm")),
    "attachment.quarantined": _held_back,
    "attachment.missed": _missed,
    "attachment.redacted": _plain(lambda: _("removed a file")),
}
