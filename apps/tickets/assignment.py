"""Who gets a ticket by a team's policy, and why: `choose` decides, `explain` tells it later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import AgentState, Team, User
from apps.events import journal
from apps.events.envelope import Envelope
from apps.tickets import events
from apps.tickets.models import Ticket

MOST_TOLD = 50  # candidates that a fact names

Policy = Team.Assignment
Availability = AgentState.Availability


class Reason(TextChoices):
    """Why it ended as it did."""

    IN_TURN = (
        "in_turn",
        _("It was their turn: of those who could take it, they were given one longest ago."),
    )
    FEWEST = "fewest", _("They had the fewest open tickets of those who could take it.")
    TIED = "tied", _("Nobody who could take it had fewer open tickets, and it was their turn.")
    ONLY_ONE = "only_one", _("They were the only one who could take it.")
    NOBODY = (
        "nobody",
        _("Nobody in the team could take it. It is given out as soon as somebody can."),
    )
    HANDED_BACK = "handed_back", _("It was handed back to the team.")


class Verdict(TextChoices):
    """What spoke for or against one candidate."""

    CHOSEN = "chosen", _("chosen")
    NEXT = "next", _("could have taken it")
    AWAY = "away", _("away")
    OFF = "off", _("off")
    FULL = "full", _("has as many open tickets as the team allows")
    REQUESTER = "requester", _("raised it")
    MAY_NOT = "may_not", _("doesn't work on tickets any more")
    GAVE_BACK = "gave_back", _("handed it back")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A team's member. `turn` is the number of the automatic assignment that they had last."""

    user_id: int
    availability: str = Availability.AVAILABLE.value
    load: int = 0
    capacity: int | None = None
    turn: int = 0
    may_work: bool = True
    is_requester: bool = False
    gave_it_back: bool = False


@dataclass(frozen=True, slots=True)
class Considered:
    user_id: int
    verdict: Verdict
    load: int


@dataclass(frozen=True, slots=True)
class Choice:
    user_id: int | None
    reason: Reason
    considered: tuple[Considered, ...]


def choose(policy: str, candidates: Sequence[Candidate]) -> Choice:
    """Whoever the policy gives the next ticket. Pure, and the same in whatever order they come.

    In turn: who was given one longest ago. Least loaded: who has the fewest open tickets, and of
    those with as few, whose turn it is.
    """
    by_load = policy == Policy.LEAST_LOADED
    ranked = sorted(candidates, key=lambda one: (one.load if by_load else 0, one.turn, one.user_id))
    verdicts = {one.user_id: _verdict(one) for one in ranked}
    able = [one for one in ranked if verdicts[one.user_id] == Verdict.NEXT]
    if able:
        verdicts[able[0].user_id] = Verdict.CHOSEN
    told = tuple(Considered(one.user_id, verdicts[one.user_id], one.load) for one in ranked)
    first = tuple(sorted(told, key=lambda one: _ORDER.index(one.verdict)))
    if not able:
        return Choice(None, Reason.NOBODY, first)
    return Choice(able[0].user_id, _reason(able, by_load=by_load), first)


_ORDER = (Verdict.CHOSEN, Verdict.NEXT, *(v for v in Verdict if v not in {"chosen", "next"}))


def _verdict(one: Candidate) -> Verdict:
    if not one.may_work:
        return Verdict.MAY_NOT
    if one.is_requester:
        return Verdict.REQUESTER
    if one.gave_it_back:
        return Verdict.GAVE_BACK
    if one.availability != Availability.AVAILABLE:
        return Verdict.OFF if one.availability == Availability.OFF else Verdict.AWAY
    if one.capacity is not None and one.load >= one.capacity:
        return Verdict.FULL
    return Verdict.NEXT


def _reason(able: Sequence[Candidate], *, by_load: bool) -> Reason:
    if len(able) == 1:
        return Reason.ONLY_ONE
    if not by_load:
        return Reason.IN_TURN
    return Reason.TIED if able[1].load == able[0].load else Reason.FEWEST


def as_told(choice: Choice) -> dict[str, Any]:
    """A choice as plain values of a fact."""
    told = choice.considered[:MOST_TOLD]
    return {
        "reason": choice.reason.value,
        "considered": tuple(one.user_id for one in told),
        "verdicts": tuple(one.verdict.value for one in told),
        "loads": tuple(one.load for one in told),
    }


# Telling it


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    who: str
    verdict: str
    load: int
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a ticket has the assignee that it has. Texts are for staff."""

    at: datetime
    assignee: str  # empty: nobody
    by: str  # whoever assigned it by hand; empty: the team's policy did
    reason: str
    lines: tuple[Line, ...]


_FACTS = (events.TicketAssigned.name, events.TicketLeftWaiting.name)


def explain(ticket: Ticket) -> Explanation | None:
    """From the journal, who was considered and why; None if it was never given to anybody."""
    newest = journal.history(events.subject_of(ticket.pk), limit=1, names=_FACTS)
    if not newest:
        return None
    (fact,) = newest
    ids = {fact.actor_id, fact.data.get("assignee_to"), *fact.data.get("considered", ())}
    people = {user.pk: str(user) for user in User.objects.filter(pk__in=ids - {None})}
    return tell(fact, people)


def tell(fact: Envelope, people: Mapping[int, str]) -> Explanation:
    """A fact about an assignment as an explanation, with the names that people have today. Pure."""
    data = fact.data
    to = data.get("assignee_to")
    by_hand = fact.name == events.TicketAssigned.name and not data.get("automatic")
    lines = zip(
        data.get("considered", ()), data.get("verdicts", ()), data.get("loads", ()), strict=True
    )
    return Explanation(
        at=fact.occurred_at,
        assignee=people.get(to, "?") if to is not None else "",
        by=str(people.get(fact.actor_id or 0, _("The desk"))) if by_hand else "",
        reason=_label(Reason, data.get("reason", "")),
        lines=tuple(
            Line(
                who=people.get(user, "?"),
                verdict=_label(Verdict, verdict),
                load=load,
                is_chosen=verdict == Verdict.CHOSEN,
            )
            for user, verdict, load in lines
        ),
    )


def _label(kind: type[TextChoices], value: str) -> str:
    """A later release may know words that this one doesn't."""
    return str(kind(value).label) if value in kind.values else value
