"""Status categories and where each may go. Statuses are data, categories are code. Pure."""

from __future__ import annotations

from enum import StrEnum


class StatusCategory(StrEnum):
    NEW = "new"
    OPEN = "open"
    PENDING = "pending"  # waits for the requester
    ON_HOLD = "on_hold"  # waits for a third party
    SCHEDULED = "scheduled"  # waits for a date
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    SPAM = "spam"
    MERGED = "merged"


_C = StatusCategory

# Merged is reached and left by merge and unmerge only.
TRANSITIONS: dict[StatusCategory, frozenset[StatusCategory]] = {
    _C.NEW: frozenset({_C.OPEN, _C.PENDING, _C.RESOLVED, _C.CANCELLED, _C.SPAM, _C.MERGED}),
    _C.OPEN: frozenset(
        {_C.PENDING, _C.ON_HOLD, _C.SCHEDULED, _C.RESOLVED, _C.CANCELLED, _C.SPAM, _C.MERGED}
    ),
    _C.PENDING: frozenset({_C.OPEN, _C.RESOLVED, _C.CLOSED, _C.MERGED}),
    _C.ON_HOLD: frozenset({_C.OPEN, _C.RESOLVED, _C.MERGED}),
    _C.SCHEDULED: frozenset({_C.OPEN, _C.MERGED}),
    _C.RESOLVED: frozenset({_C.OPEN, _C.CLOSED, _C.MERGED}),
    _C.CLOSED: frozenset(),
    _C.CANCELLED: frozenset(),
    _C.SPAM: frozenset(),
    _C.MERGED: frozenset(),
}

TERMINAL = frozenset({_C.CLOSED, _C.CANCELLED, _C.SPAM, _C.MERGED})
ACTIVE = frozenset({_C.NEW, _C.OPEN, _C.PENDING, _C.ON_HOLD, _C.SCHEDULED})
FINISHED = frozenset(StatusCategory) - ACTIVE
# A requester's reply brings these back to open by itself.
REOPENED_BY_REPLY = frozenset({_C.PENDING, _C.ON_HOLD, _C.SCHEDULED, _C.RESOLVED})


def allows(source: str, target: str) -> bool:
    """Whether the workflow has this step. Within one category every status may follow another."""
    if source == target:
        return StatusCategory(source) not in TERMINAL
    return StatusCategory(target) in TRANSITIONS[StatusCategory(source)]
