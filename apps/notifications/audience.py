"""Who hears of a fact, of what kind, and why. Pure: a fact and a situation in, notices out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from apps.events.facts import Fact
from apps.notifications.kinds import Kind
from apps.tickets import events
from apps.tickets.statuses import StatusCategory

# Kept with the notice, and translated when it is told.
YOURS = gettext_noop("you raised this request")
WATCHING = gettext_noop("you follow this request")
ASSIGNED = gettext_noop("it is assigned to you")
TEAM = gettext_noop("it waits for your team")


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """How a ticket stands when a fact about it is handled. Ids are users'."""

    requester: int
    assignee: int | None
    team: frozenset[int]  # members of its team
    watchers: frozenset[int]
    addresses: frozenset[str]  # watchers without an account
    staff: frozenset[int]  # those of all the above who work on tickets


@dataclass(frozen=True, slots=True)
class Notice:
    """To a user, or to an address without an account."""

    kind: Kind
    reason: str
    user: int | None = None
    address: str = ""


def audience(fact: Fact, situation: Situation, *, actor: int | None) -> list[Notice]:
    """At most one notice a person, and none to whoever did it.

    The one exception is the receipt for a new request: it goes to the requester, who raised it.
    """
    notices = _notices(fact, situation)
    if not isinstance(fact, events.TicketRaised):
        notices = [notice for notice in notices if notice.user is None or notice.user != actor]
    else:
        notices = [
            notice for notice in notices if notice.kind == Kind.RECEIVED or notice.user != actor
        ]
    first: dict[tuple[int | None, str], Notice] = {}
    for notice in notices:
        first.setdefault((notice.user, notice.address), notice)
    return list(first.values())


def _notices(fact: Fact, on: Situation) -> list[Notice]:  # noqa: C901, PLR0911 - one answer a fact
    match fact:
        case events.TicketRaised():
            return [Notice(Kind.RECEIVED, YOURS, on.requester), *_waiting_for_team(on)]
        case events.MessageAdded(visibility="internal"):
            watching = on.watchers & on.staff
            return [*_assignee(Kind.NOTE, on), *_users(Kind.NOTE, WATCHING, watching)]
        case events.MessageAdded():
            return _on_reply(fact, on)
        case events.TicketAssigned(assignee_to=None):
            return _waiting_for_team(on) if fact.team_from != fact.team_to else []
        case events.TicketAssigned():
            return [Notice(Kind.ASSIGNED, ASSIGNED, fact.assignee_to)]
        case events.TicketStatusChanged(category_to=StatusCategory.RESOLVED | "cancelled"):
            return _customers(Kind.SOLVED, on)
        case events.TicketReopened(by_reply=False):
            return [*_customers(Kind.SOLVED, on), *_assignee(Kind.SOLVED, on)]
        case events.TicketMerged():
            return _customers(Kind.MERGED, on)
        case events.MessageRejected() | events.MessageBounced():
            return _on_undelivered(on)
        case events.RatingRequested():
            return [Notice(Kind.RATING, YOURS, on.requester)]
        case _:
            return []


def _on_reply(fact: events.MessageAdded, on: Situation) -> list[Notice]:
    notices = [*_customers(Kind.REPLY, on), *_assignee(Kind.REPLY, on)]
    if fact.direction == "in" and on.assignee is None:
        notices.extend(_users(Kind.REPLY, TEAM, on.team))
    return notices


def _on_undelivered(on: Situation) -> list[Notice]:
    """Somebody has to reach the customer in another way."""
    if on.assignee is not None:
        return _assignee(Kind.UNDELIVERED, on)
    return _users(Kind.UNDELIVERED, TEAM, on.team)


def _customers(kind: Kind, on: Situation) -> list[Notice]:
    """The requester and whoever follows, with or without an account."""
    return [
        Notice(kind, YOURS, on.requester),
        *_users(kind, WATCHING, on.watchers),
        *(Notice(kind, WATCHING, address=address) for address in sorted(on.addresses)),
    ]


def _assignee(kind: Kind, on: Situation) -> list[Notice]:
    return [] if on.assignee is None else [Notice(kind, ASSIGNED, on.assignee)]


def _waiting_for_team(on: Situation) -> list[Notice]:
    return [] if on.assignee is not None else _users(Kind.NEW, TEAM, on.team)


def _users(kind: Kind, reason: str, users: Iterable[int]) -> list[Notice]:
    return [Notice(kind, reason, user) for user in sorted(users)]
