from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from apps.events import journal
from apps.kernel import markup
from apps.kernel.actors import Actor
from apps.kernel.compiled import Compiled
from apps.kernel.errors import ForbiddenError
from apps.tickets import events, policies
from apps.tickets.actions import rows
from apps.tickets.actions.raising import follow_up
from apps.tickets.errors import DoubleSubmissionError, TicketIsFinalError
from apps.tickets.files import StoredFile
from apps.tickets.models import Channel, Message, Status, Ticket
from apps.tickets.statuses import REOPENED_BY_REPLY, TERMINAL, StatusCategory


def reply(
    *,
    ticket: Ticket,
    text: str,
    actor: Actor,
    now: datetime,
    form: markup.Format = "markdown",
    attachments: Sequence[StoredFile] = (),
    uploads: Sequence[str] = (),
    submission: uuid.UUID | None = None,
    expected_version: int | None = None,
    status: Status | None = None,
    channel: str = Channel.PORTAL,
) -> Message:
    """A public message, by staff or by the customer's side; the same submission makes one.

    It lands on the survivor of a merged ticket. A customer's reply brings a waiting or resolved
    ticket back to open, and opens a linked follow-up if the ticket is closed: look at
    `message.ticket`. Staff may set a status with it; a new ticket opens by itself.
    """
    writing = rows.Writing(
        text=text,
        form=form,
        channel=channel,
        attachments=attachments,
        uploads=uploads,
        submission=submission,
    )
    try:
        return _reply(ticket, writing, expected_version, status, actor=actor, now=now)
    except IntegrityError:
        first = _first_of(writing, Message.Visibility.PUBLIC, actor)
        if first is None:
            raise
        return first


def _first_of(
    writing: rows.Writing, visibility: Message.Visibility, actor: Actor
) -> Message | None:
    """The message that this form made already.

    Raises DoubleSubmissionError if it says something else now, or is somebody else's form.
    """
    sent = Message.objects.select_related("ticket").filter(submission=writing.submission)
    first = sent.first() if writing.submission else None
    if first is None:
        return None
    same = first.author_id == actor.id and first.visibility == visibility
    if not same or (not first.redacted_at and first.source != rows.check_text(writing.text)):
        raise DoubleSubmissionError
    return first


@transaction.atomic
def _reply(
    ticket: Ticket,
    writing: rows.Writing,
    expected_version: int | None,
    status: Status | None,
    *,
    actor: Actor,
    now: datetime,
) -> Message:
    ticket = _lock_open_end(ticket, actor, policies.can_reply, expected_version)
    by_customer = policies.is_customer_side(actor, ticket)
    if status is not None and by_customer:
        raise ForbiddenError
    if ticket.status_category in TERMINAL:
        if not by_customer or ticket.status_category == StatusCategory.SPAM:
            raise TicketIsFinalError
        return follow_up(ticket, writing, actor=actor, now=now)
    direction = Message.Direction.IN if by_customer else Message.Direction.OUT
    public = Message.Visibility.PUBLIC
    message = _write(ticket, writing, public, direction, actor=actor, now=now)
    if by_customer:
        ticket.waiting_since = ticket.waiting_since or now
    elif not message.is_automatic:
        ticket.waiting_since = None
    _move_after_reply(ticket, status, by_customer=by_customer, actor=actor, now=now)
    return message


def _move_after_reply(
    ticket: Ticket, status: Status | None, *, by_customer: bool, actor: Actor, now: datetime
) -> None:
    waits = ticket.status_category in REOPENED_BY_REPLY
    is_new = ticket.status_category == StatusCategory.NEW
    if (by_customer and waits) or (not by_customer and status is None and is_new):
        status = rows.default_status(StatusCategory.OPEN)
    if status is None or status.pk == ticket.status_id:
        rows.save(ticket, "waiting_since", now=now)
    else:
        rows.move(ticket, status, actor=actor, now=now, by_reply=True)


@transaction.atomic
def _note(
    ticket: Ticket,
    writing: rows.Writing,
    expected_version: int | None,
    *,
    actor: Actor,
    now: datetime,
) -> Message:
    ticket = _lock_open_end(ticket, actor, policies.can_work, expected_version)
    internal, out = Message.Visibility.INTERNAL, Message.Direction.OUT
    message = _write(ticket, writing, internal, out, actor=actor, now=now)
    rows.save(ticket, now=now)
    return message


def note(
    *,
    ticket: Ticket,
    text: str,
    actor: Actor,
    now: datetime,
    form: markup.Format = "markdown",
    attachments: Sequence[StoredFile] = (),
    uploads: Sequence[str] = (),
    submission: uuid.UUID | None = None,
    expected_version: int | None = None,
) -> Message:
    """A work note: staff read it, customers never do. Closed tickets take notes too."""
    writing = rows.Writing(
        text=text,
        form=form,
        channel=Channel.AGENT,
        attachments=attachments,
        uploads=uploads,
        submission=submission,
    )
    try:
        return _note(ticket, writing, expected_version, actor=actor, now=now)
    except IntegrityError:
        first = _first_of(writing, Message.Visibility.INTERNAL, actor)
        if first is None:
            raise
        return first


_answer: Compiled[int] = Compiled(
    lambda pk: (
        Message.objects.filter(ticket=pk, visibility="public", direction="out", is_automatic=False)
        .order_by()
        .values_list("pk", flat=True)[:1]
    )
)
_as_it_is: Compiled[Ticket] = Compiled(lambda pk: Ticket.objects.filter(pk=pk).order_by())


def _lock_open_end(
    ticket: Ticket, actor: Actor, may: rows.Policy, expected_version: int | None
) -> Ticket:
    """Lock the ticket on which the conversation goes on; a merged one forwards to its survivor.

    Whoever may write on the merged ticket may write on: merging keeps to one customer. The
    survivor is looked for before anything is locked, so that both are locked in the order in which
    merging locks them; should it merge or unmerge in between, it is looked for again.
    """
    survivor = rows.survivor_of(_as_it_is.first(ticket.pk) or ticket)
    while True:
        locked, end = rows.lock_both(ticket, survivor, expected_version=expected_version)
        rows.require(actor, locked, may)
        survivor = rows.survivor_of(locked)
        if survivor.pk == end.pk:
            rows.require(actor, end, may)
            return end


def _write(
    ticket: Ticket,
    writing: rows.Writing,
    visibility: Message.Visibility,
    direction: Message.Direction,
    *,
    actor: Actor,
    now: datetime,
) -> Message:
    is_answer = (visibility, direction) == (Message.Visibility.PUBLIC, Message.Direction.OUT)
    is_first_reply = is_answer and not actor.is_system and _answer.first(ticket.pk) is None
    message = rows.write_message(
        ticket, writing, visibility=visibility, direction=direction, actor=actor, now=now
    )
    added = events.MessageAdded(
        subject=events.subject_of(ticket.pk),
        message_id=message.pk,
        author_id=message.author_id,
        visibility=visibility,
        direction=direction,
        channel=writing.channel,
        is_automatic=message.is_automatic,
        is_first_reply=is_first_reply,
    )
    journal.record(added, actor=actor, now=now)
    return message
