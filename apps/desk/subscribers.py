"""Facts keep the desk's counts, and tell agents of what waits for them."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_noop

from apps.accounts import events as accounts
from apps.desk import actions
from apps.desk.events import MessageMentioned, ReplyHeld, ViewRemoved, ViewSaved
from apps.desk.models import DayCount, DraftFile
from apps.events.envelope import Envelope
from apps.events.registry import subscriber
from apps.kernel import caching
from apps.notifications import actions as notifications
from apps.notifications.audience import Notice
from apps.notifications.kinds import Kind
from apps.tickets import events, keeping
from apps.tickets.models import Message, Ticket
from apps.tickets.statuses import StatusCategory

MENTIONED = gettext_noop("you were mentioned")
HELD = gettext_noop("you wrote the reply")


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


@subscriber(
    ViewSaved,
    ViewRemoved,
    accounts.TeamChanged,
    accounts.PersonChanged,
    accounts.AccessGranted,
    accounts.AccessDenied,
    accounts.PrivacyAnonymised,
    events.DeskConfigured,
)
def forget_what_is_cached(event: Envelope) -> None:
    caching.forget_by_fact(event.name)


@subscriber(MessageMentioned)
def tell_the_mentioned(event: Envelope) -> None:
    fact = MessageMentioned.read(event)
    told = [pk for pk in fact.user_ids if pk != event.actor_id]
    _tell(event, [Notice(Kind.MENTIONED, MENTIONED, pk) for pk in told], fact.message_id)


@subscriber(ReplyHeld)
def tell_the_writer(event: Envelope) -> None:
    """They may have closed the page and believe that the customer has been answered."""
    fact = ReplyHeld.read(event)
    _tell(event, [Notice(Kind.HELD, HELD, fact.author_id)], None)


def _tell(event: Envelope, notices: list[Notice], message_id: int | None) -> None:
    ticket = Ticket.objects.filter(pk=events.id_in(event.subject)).first()
    if ticket is not None:
        notifications.notify(
            ticket=ticket,
            event_id=event.id,
            notices=notices,
            message_id=message_id,
            now=timezone.now(),
        )


def _waits_in_a_draft(key: str) -> bool:
    return DraftFile.objects.filter(key=key).exists()


keeping.register(_waits_in_a_draft)
