"""Filters in words, and the choices that the filter bar offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import Organisation, User
from apps.desk.options import Options
from apps.tickets.filters import ME, MINE, NOBODY, Filter
from apps.tickets.models import Channel, Status
from apps.tickets.statuses import StatusCategory

Text = str | Promise

STATUS_WORDS: Mapping[str, Text] = {
    StatusCategory.NEW: gettext_lazy("New"),
    StatusCategory.OPEN: gettext_lazy("Open"),
    StatusCategory.PENDING: gettext_lazy("Waiting for customer"),
    StatusCategory.ON_HOLD: gettext_lazy("On hold"),
    StatusCategory.SCHEDULED: gettext_lazy("Scheduled"),
    StatusCategory.RESOLVED: gettext_lazy("Resolved"),
    StatusCategory.CLOSED: gettext_lazy("Closed"),
    StatusCategory.CANCELLED: gettext_lazy("Cancelled"),
    StatusCategory.SPAM: gettext_lazy("Spam"),
    StatusCategory.MERGED: gettext_lazy("Merged"),
}
DUE_WORDS: Mapping[str, Text] = {
    "late": gettext_lazy("Late"),
    "1h": gettext_lazy("Due within an hour"),
    "4h": gettext_lazy("Due within 4 hours"),
    "24h": gettext_lazy("Due within a day"),
    "7d": gettext_lazy("Due within a week"),
}
FIELD_WORDS: Mapping[str, Text] = {
    "status": gettext_lazy("Status"),
    "team": gettext_lazy("Team"),
    "assignee": gettext_lazy("Assignee"),
    "priority": gettext_lazy("Priority"),
    "category": gettext_lazy("Category"),
    "tag": gettext_lazy("Tag"),
    "channel": gettext_lazy("Channel"),
    "requester": gettext_lazy("Requester"),
    "organisation": gettext_lazy("Organisation"),
    "due": gettext_lazy("Due"),
    "waiting": gettext_lazy("Customer waits"),
    "major": gettext_lazy("Major incident"),
}
INDENT = "\u2003"  # an em space: options know no margins


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: Text
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """One condition in words; `without` is the address's query once it is taken away."""

    field: Text
    value: str
    without: str


def choices(wanted: Filter, found: Options) -> dict[str, list[Choice]]:
    """What each field of the filter bar offers, with what is chosen marked."""
    offered: dict[str, Iterable[tuple[str, Text]]] = {
        "status": STATUS_WORDS.items(),
        "team": [(MINE, _("My teams")), (NOBODY, _("No team")), *_numbered(found.teams)],
        "assignee": [
            (ME, _("Me")),
            (NOBODY, _("Nobody")),
            *_numbered((agent.pk, agent.name) for agent in found.agents),
        ],
        "priority": [(str(n), f"P{n}") for n in range(1, 6)],
        "category": [
            (NOBODY, _("No category")),
            *((str(c.pk), INDENT * depth + c.name) for c, depth in found.tree()),
        ],
        "channel": Channel.choices,
        "due": DUE_WORDS.items(),
    }
    return {
        name: [Choice(value, label, value in getattr(wanted, name)) for value, label in pairs]
        for name, pairs in offered.items()
    }


def _numbered(pairs: Iterable[tuple[int, str]]) -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in pairs]


def phrases(wanted: Filter, found: Options) -> list[Phrase]:
    """The filter in words. At most two queries, for a requester and an organisation."""
    names = _names(wanted, found)
    said = []
    for name, values in wanted.given().items():
        words = [str(names[name].get(value, value)) for value in values]
        without = replace(wanted, **{name: ()}).to_query()
        value = "" if name in {"waiting", "major"} else ", ".join(word.strip() for word in words)
        said.append(Phrase(FIELD_WORDS[name], value, without))
    return said


def _names(wanted: Filter, found: Options) -> dict[str, dict[str, Any]]:
    names: dict[str, dict[str, Any]] = {
        name: {choice.value: choice.label for choice in offered}
        for name, offered in choices(wanted, found).items()
    }
    people = User.objects.filter(pk__in=wanted.requester) if wanted.requester else []
    organisations = (
        Organisation.objects.filter(pk__in=wanted.organisation) if wanted.organisation else []
    )
    return {
        "tag": {},
        "waiting": {},
        "major": {},
        **names,
        "requester": {str(user.pk): user.get_full_name() for user in people},
        "organisation": {str(row.pk): row.name for row in organisations},
    }


_DEEDS: Mapping[str, Text] = {
    "take": gettext_lazy("Take"),
    "release": gettext_lazy("Assign to nobody"),
    "solve": gettext_lazy("Solve"),
    "close": gettext_lazy("Close"),
    "assign": gettext_lazy("Assign to %s"),
    "team": gettext_lazy("Give to team %s"),
    "status": gettext_lazy("Set status %s"),
    "priority": gettext_lazy("Set priority P%s"),
    "category": gettext_lazy("Set category %s"),
    "tag": gettext_lazy("Add tags: %s"),
    "untag": gettext_lazy("Take tags off: %s"),
    "merge": gettext_lazy("Merge into #%s"),
}


def deed(what: str, found: Options) -> str:
    """What was done to many tickets ("assign:12"), as its button or menu says it."""
    verb, _colon, value = what.partition(":")
    words = str(_DEEDS[verb])
    return words % _named(verb, value, found) if "%s" in words else words


def _named(verb: str, value: str, found: Options) -> str:
    if verb == "status":
        return str(Status.objects.filter(slug=value).first() or value)
    names: dict[str, Iterable[tuple[int, str]]] = {
        "assign": ((agent.pk, agent.name) for agent in found.agents),
        "team": found.teams,
        "category": ((one.pk, one.name) for one in found.categories),
    }
    known = {str(pk): name for pk, name in names.get(verb, ())}
    return known.get(value, value.lstrip("#"))
