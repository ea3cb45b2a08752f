"""What a notice of an alarm means for its ticket. Pure.

Notices come at least once and in any order; the one whose state changed last is right. An alarm
that comes and goes is not opened and solved each time: the third time within an hour leaves its
ticket open, until there has been half an hour of quiet, and staff hear of it once.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from apps.ops.alarms.reading import State, Told
from apps.tickets.statuses import ACTIVE, StatusCategory

WINDOW = timedelta(hours=1)
TIMES = 3  # within the window: then it is unsteady
QUIET = timedelta(minutes=30)


class Step(enum.StrEnum):
    NOTHING = "nothing"
    RAISE = "raise"  # a new ticket
    REOPEN = "reopen"
    SOLVE = "solve"
    NOTE = "note"  # it goes on, on a ticket that is open
    UNSTEADY = "unsteady"  # likewise, and it won't be solved by the next OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was heard of an alarm so far. `times` is how often it began since `window_at`."""

    state: State
    changed_at: datetime
    times: int = 0
    window_at: datetime


def decide(known: Known | None, told: Told, ticket: StatusCategory | None) -> tuple[Known, Step]:
    """What to keep, and what to do. `ticket` is the category of the alarm's, if it has one."""
    if known is None:
        heard = Known(state=told.state, changed_at=told.at, times=1, window_at=told.at)
        return heard, Step.RAISE if told.state is State.ALARM else Step.NOTHING
    if told.at < known.changed_at or (told.at == known.changed_at and told.state == known.state):
        return known, Step.NOTHING
    heard = replace(known, state=told.state, changed_at=told.at)
    if told.state is State.OK:
        is_open = ticket is not None and ticket in ACTIVE
        return heard, Step.SOLVE if is_open and not _is_unsteady(heard, told.at) else Step.NOTHING
    if told.state is State.UNKNOWN:
        return heard, Step.NOTHING
    heard = _begun_again(heard, told.at) if known.state is not State.ALARM else heard
    return heard, _on_alarm(heard, known, ticket)


def _on_alarm(heard: Known, known: Known, ticket: StatusCategory | None) -> Step:
    if ticket is StatusCategory.RESOLVED:
        return Step.REOPEN
    if ticket is None or ticket not in ACTIVE:
        return Step.RAISE
    if known.state is State.ALARM:
        return Step.NOTHING
    if heard.times == TIMES:
        return Step.UNSTEADY
    return Step.NOTE if heard.times < TIMES else Step.NOTHING


def _begun_again(heard: Known, at: datetime) -> Known:
    if at - heard.window_at > WINDOW:
        return replace(heard, times=1, window_at=at)
    return replace(heard, times=heard.times + 1)


def _is_unsteady(known: Known, at: datetime) -> bool:
    return known.times >= TIMES and at - known.window_at <= WINDOW


def is_quiet(known: Known, *, now: datetime) -> bool:
    """Whether an alarm whose ticket was left open has been over for long enough."""
    return known.state is State.OK and now - known.changed_at >= QUIET
