"""Facts keep the desk's counts: pages never count tickets."""

from __future__ import annotations

from apps.desk import actions
from apps.desk.models import DayCount
from apps.events.envelope import Envelope
from apps.events.registry import subscriber
from apps.tickets import events
from apps.tickets.models import Message
from apps.tickets.statuses import StatusCategory


@subscriber(
    events.TicketRaised,
    events.TicketStatusChanged,
    events.TicketAssigned,
    events.TicketCategorised,
    events.TicketPrioritised,
    events.TicketMerged,
    events.TicketUnmerged,
    events.MessageAdded,
)
def keep_tallies(event: Envelope) -> None:
    actions.place(ticket_id=events.id_in(event.subject))


@subscriber(events.TicketStatusChanged, events.TicketAssigned, events.MessageAdded)
def count_deeds(event: Envelope) -> None:
    """What the actor did that day. The journal runs it once in effect: it is in its transaction."""
    deed = _deed(event)
    if deed is not None and event.actor_id is not None:
        actions.count_deed(user_id=event.actor_id, deed=deed, at=event.occurred_at)


def _deed(event: Envelope) -> str | None:
    if event.name == events.TicketStatusChanged.name:
        changed = events.TicketStatusChanged.read(event)
        solved = changed.category_to == StatusCategory.RESOLVED
        return DayCount.Deed.SOLVED if solved else None
    if event.name == events.TicketAssigned.name:
        assigned = events.TicketAssigned.read(event)
        taken = assigned.assignee_to is not None and assigned.assignee_to == event.actor_id
        return DayCount.Deed.TAKEN if taken else None
    added = events.MessageAdded.read(event)
    answers = (added.visibility, added.direction) == (
        Message.Visibility.PUBLIC,
        Message.Direction.OUT,
    )
    return DayCount.Deed.REPLIED if answers and not added.is_automatic else None
