"""Sending a reply, with some seconds in which it can be taken back (ADR 28).

The life of a reply on its way; it may be killed between any two steps:

1. `send_reply` puts it into a row with a due time, in one transaction with taking its draft away.
   The row is the truth: the page's countdown, the job and the chore only look at what is due.
2. `undo_send` makes it a draft again, `send_one` a message. Each locks the row first and finds it
   gone, or no longer on its way, if the other one was there before.
3. `send_one` writes the message and deletes the row in one transaction: killed before the commit
   nothing has happened and it is still due; after it, it is sent. The message carries the form's
   number, which no second message can have.
4. What may not be sent any more becomes a draft again, with the reason, and its writer is told.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.accounts.access import actor_for
from apps.desk.actions import drafts, replies
from apps.desk.actions.drafts import Composed
from apps.desk.errors import NewAnswerError, TooLateError
from apps.desk.events import ReplyHeld
from apps.desk.models import Draft
from apps.events import journal
from apps.events.jobs import nudge
from apps.kernel.actors import Actor
from apps.kernel.counting import count
from apps.kernel.errors import DomainError, ForbiddenError
from apps.tickets import actions as tickets
from apps.tickets import events, policies
from apps.tickets.actions import rows
from apps.tickets.errors import DoubleSubmissionError, TicketIsFinalError, TransitionRefusedError
from apps.tickets.models import Channel, Message, Status, Ticket
from apps.tickets.statuses import TERMINAL, StatusCategory, allows

_NOTICES: dict[str, Draft.Notice] = {
    NewAnswerError.code: Draft.Notice.ANSWERED,
    TicketIsFinalError.code: Draft.Notice.FINAL,
}
SEND_DUE = "apps.desk.tasks.send_due"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The ticket that it is on, and the message, unless it can still be taken back."""

    ticket_id: int
    message: Message | None


def send_reply(*, ticket: Ticket, written: Composed, actor: Actor, now: datetime) -> Sent:
    """Send a reply to the customer, at once or with UNDO_SEND_SECONDS to take it back.

    Raises NewAnswerError if there is a public message that its writer hasn't seen, from the
    customer or a colleague; what else changed is no reason to hold a reply back.
    """
    try:
        return _send(ticket, written, actor=actor, now=now)
    except IntegrityError:
        sent = _sent_before(written.submission, actor)
        if sent is None:
            raise
        return sent


@transaction.atomic
def _send(ticket: Ticket, written: Composed, *, actor: Actor, now: datetime) -> Sent:
    again = _sent_before(written.submission, actor)
    if again is not None:
        return again
    goes_on_in = _open_end(ticket, actor)
    _check_may_be_sent(goes_on_in, written.seen, written.status, actor)
    seconds = settings.UNDO_SEND_SECONDS
    row = Draft(
        ticket=goes_on_in,
        author=rows.person(actor),
        kind=Draft.Kind.REPLY,
        text=rows.check_text(written.text),
        status=written.status,
        used=list(written.used),
        seen=written.seen,
        submission=written.submission,
        updated_at=now,
        due_at=now + timedelta(seconds=seconds),
    )
    files = drafts.take_files(_draft_of(ticket, actor), written, actor=actor, now=now)
    row.save()
    drafts.attach(row, files)
    # Here and not by its fact: that one is recorded by whichever build's worker sends it.
    transaction.on_commit(partial(count, "RepliesSent"))
    if seconds:
        nudge(SEND_DUE, after=seconds)
        return Sent(ticket_id=row.ticket_id, message=None)
    return Sent(ticket_id=row.ticket_id, message=_become_message(row, goes_on_in, actor, now=now))


def _sent_before(submission: uuid.UUID, actor: Actor) -> Sent | None:
    message = Message.objects.filter(submission=submission).first()
    row = message or Draft.objects.filter(submission=submission).first()
    if row is not None and row.author_id != actor.id:
        raise DoubleSubmissionError
    return Sent(ticket_id=row.ticket_id, message=message) if row is not None else None


def _open_end(ticket: Ticket, actor: Actor) -> Ticket:
    """The ticket on which the conversation goes on, locked."""
    locked = rows.lock(ticket, actor=actor, may=policies.can_work)
    survivor = rows.survivor_of(locked)
    return locked if survivor.pk == locked.pk else rows.lock(survivor, actor=actor, may=_anybody)


def _anybody(_actor: Actor, _ticket: Ticket) -> bool:
    return True  # whoever may write on the merged ticket may write on: one customer has both


def _check_may_be_sent(ticket: Ticket, seen: int, status: Status | None, actor: Actor) -> None:
    if ticket.status_category in TERMINAL:
        raise TicketIsFinalError
    newer = Message.objects.public().filter(ticket=ticket, pk__gt=seen)
    if newer.exclude(author=actor.id).exists():
        raise NewAnswerError
    after = status.category if status is not None else ticket.status_category
    if not allows(ticket.status_category, after):
        raise TransitionRefusedError(ticket.status_category, after)


def _draft_of(ticket: Ticket, actor: Actor) -> Draft | None:
    return (
        Draft.objects.select_for_update()
        .resting()
        .filter(ticket=ticket, author=actor.id, kind=Draft.Kind.REPLY)
        .first()
    )


@transaction.atomic
def undo_send(*, draft_id: int, actor: Actor, now: datetime) -> Draft:
    """Take a reply back while it is on its way. Raises TooLateError once it has gone."""
    row = _take(draft_id)
    if row is None:
        raise TooLateError
    if row.author_id != actor.id:
        raise ForbiddenError
    return _rest(row, Draft.Notice.UNDONE, now=now)


def send_all_due(*, now: datetime) -> int:
    """Send what is due, each by itself. Returns how many there were."""
    due = list(Draft.objects.due(now=now).values_list("pk", flat=True))
    for pk in due:
        send_one(draft_id=pk, now=now)
    return len(due)


@transaction.atomic
def send_one(*, draft_id: int, now: datetime) -> Message | None:
    """Make a message of a reply whose time has come; None if it was taken back, sent or held."""
    row = _take(draft_id)
    if row is None or row.due_at is None or row.due_at > now:
        return None
    actor = actor_for(row.author)
    ticket = Ticket.objects.select_for_update().get(pk=row.ticket_id)
    if ticket.status_category == StatusCategory.MERGED:
        _hold(row, Draft.Notice.MERGED, now=now)
        return None
    try:
        with transaction.atomic():
            _check_may_be_sent(ticket, row.seen, row.status, actor)
            return _become_message(row, ticket, actor, now=now)
    except DomainError as error:
        _hold(row, _NOTICES.get(error.code, Draft.Notice.REFUSED), now=now)
        return None


def _take(draft_id: int) -> Draft | None:
    """The row of a reply on its way, locked; None once it is no longer that."""
    on_their_way = Draft.objects.select_for_update(of=("self",)).on_their_way()
    return on_their_way.select_related("author").filter(pk=draft_id).first()


def _become_message(row: Draft, ticket: Ticket, actor: Actor, *, now: datetime) -> Message:
    files = [drafts.stored_file(file) for file in row.files.order_by("pk")]
    message = tickets.reply(
        ticket=ticket,
        text=row.text,
        attachments=files,
        submission=row.submission,
        status=row.status,
        channel=Channel.AGENT,
        actor=actor,
        now=now,
    )
    if row.used:
        replies.count_uses(reply_ids=row.used, actor=actor)
    Draft.objects.filter(pk=row.pk).delete()
    return message


def _hold(row: Draft, why: Draft.Notice, *, now: datetime) -> None:
    """Nothing is lost: it is a draft again, and its writer hears why."""
    draft = _rest(row, why, now=now)
    subject = events.subject_of(draft.ticket_id)
    fact = ReplyHeld(subject=subject, author_id=draft.author_id, why=why)
    journal.record(fact, actor=actor_for(draft.author), now=now)


def _rest(row: Draft, why: Draft.Notice, *, now: datetime) -> Draft:
    """Put it before what its writer has begun since, if they have."""
    newer = (
        Draft.objects.select_for_update()
        .resting()
        .filter(ticket=row.ticket_id, author=row.author_id, kind=row.kind)
        .first()
    )
    if newer is not None:
        row.text = f"{row.text}\n\n{newer.text}".strip()
        row.version = newer.version
        newer.files.update(draft=row)
        Draft.objects.filter(pk=newer.pk).delete()
    row.notice, row.version, row.updated_at = why, row.version + 1, now
    row.submission = row.due_at = None
    row.save(update_fields=["text", "notice", "version", "updated_at", "submission", "due_at"])
    return row
