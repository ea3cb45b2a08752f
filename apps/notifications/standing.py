"""What carriers told of an address, and what follows from it. Pure.

The answer depends on what was told and not on the order in which we heard it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOST_SOFT = 5  # mails in a row that came back "for now": nobody reads there


class Kind(StrEnum):
    DELIVERED = "delivered"
    DELAYED = "delayed"
    SOFT = "soft"  # came back for now: a full mailbox, a server that is away
    ODD = "odd"  # came back for what was in the mail: it says nothing of the address
    HARD = "hard"  # there is no such mailbox
    COMPLAINT = "complaint"  # its reader called it spam
    REFUSED = "refused"  # the carrier would not send it


@dataclass(frozen=True, slots=True, order=True)
class Told:
    at: datetime
    kind: Kind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """`state` is a Recipient.State; `since` is None for an address of which nothing is wrong."""

    state: str
    reason: str = ""
    since: datetime | None = None
    soft_bounces: int = 0


def standing(
    told: Iterable[Told], *, delivered_at: datetime | None, cleared_at: datetime | None
) -> Standing:
    """The worst counts. What was before somebody cleared the address counts no longer.

    A mail that came back for now is forgotten when a later one arrived.
    """
    known = sorted(one for one in told if _is_after(one, cleared_at))
    softs = [one for one in known if one.kind == Kind.SOFT and _is_after(one, delivered_at)]
    for kind, state in ((Kind.COMPLAINT, "complained"), (Kind.HARD, "suppressed")):
        first = next((one for one in known if one.kind == kind), None)
        if first is not None:
            return Standing(state, first.detail, first.at, len(softs))
    if len(softs) >= MOST_SOFT:
        last = softs[MOST_SOFT - 1]
        return Standing("suppressed", last.detail, last.at, len(softs))
    if softs:
        return Standing("bouncing", softs[-1].detail, softs[0].at, len(softs))
    return Standing("ok")


def _is_after(one: Told, moment: datetime | None) -> bool:
    return moment is None or one.at > moment


# What is kept of an address: the rest tells something of one mail alone.
KEPT = frozenset({Kind.SOFT, Kind.HARD, Kind.COMPLAINT})


# What becomes of a mail: a later word may only be a worse one, since they come in any order.
OUTCOMES = ("", "delayed", "delivered", "refused", "bounced", "complained")
_OUTCOME_OF = {
    Kind.DELAYED: "delayed",
    Kind.DELIVERED: "delivered",
    Kind.REFUSED: "refused",
    Kind.SOFT: "bounced",
    Kind.ODD: "bounced",
    Kind.HARD: "bounced",
    Kind.COMPLAINT: "complained",
}


def outcome(before: str, kind: Kind) -> str:
    return max(before, _OUTCOME_OF[kind], key=OUTCOMES.index)
