from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from apps.events.facts import Fact
from apps.tickets.models import Status, Ticket
from apps.tickets.statuses import FINISHED, StatusCategory


class Kind(NamedTuple):
    visibility: str
    direction: str
    channel: str


@dataclass(slots=True)
class Happened:
    """A fact that waits for its place in the journal, and for the ids of the rows it names."""

    fact: Callable[[], Fact]
    actor: str
    at: datetime
    correlation: uuid.UUID


def place(ticket: Ticket, status: Status, at: datetime, until: datetime | None) -> None:
    """What moving a ticket does to its row."""
    ticket.status, ticket.status_category = status, status.category
    is_solved = status.category in {StatusCategory.RESOLVED, StatusCategory.CLOSED}
    ticket.resolved_at = (ticket.resolved_at or at) if is_solved else None
    ticket.closed_at = at if status.category == StatusCategory.CLOSED else None
    ticket.scheduled_until = until if status.category == StatusCategory.SCHEDULED else None
    if status.category in FINISHED:
        ticket.waiting_since = None
