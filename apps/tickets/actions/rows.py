"""What the verbs share: lock a ticket, save it, move its status, write a message on it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apps.accounts.models import User
from apps.events import journal
from apps.kernel import markup
from apps.kernel.actors import SYSTEM, Actor
from apps.kernel.compiled import Compiled
from apps.kernel.errors import ForbiddenError, NotFoundError
from apps.tickets import events, reference, statuses
from apps.tickets.actions.uploading import take_uploads
from apps.tickets.errors import (
    DateMissingError,
    EmptyTextError,
    StaleTicketError,
    TextTooLongError,
    TransitionRefusedError,
)
from apps.tickets.files import StoredFile
from apps.tickets.mail_ids import REFERENCES, new_message_id, root_message_id, thread
from apps.tickets.models import Attachment, Message, Status, Ticket
from apps.tickets.statuses import StatusCategory

TEXT_LIMIT = 50_000  # characters
LONGEST_SCHEDULE = timedelta(days=5 * 366)

Policy = Callable[[Actor, Ticket], bool]
_locked: Compiled[Ticket] = Compiled(
    lambda pk: Ticket.objects.select_for_update().filter(pk=pk).order_by()
)
_both_locked: Compiled[Ticket] = Compiled(
    lambda one, other: Ticket.objects.select_for_update().filter(pk__in=[one, other]).order_by("pk")
)
_public_ids: Compiled[str | None] = Compiled(
    lambda pk: (
        Message.objects.public()
        .filter(ticket=pk, message_id__isnull=False)
        .order_by("-created_at", "-pk")
        .values_list("message_id", flat=True)[:REFERENCES]
    )
)


def lock(
    ticket: Ticket, *, actor: Actor, may: Policy, expected_version: int | None = None
) -> Ticket:
    """The ticket as it is now, ours until the transaction ends.

    Raises NotFoundError if it is gone, ForbiddenError if the policy says no, StaleTicketError if
    somebody changed it since the version that the actor saw.
    """
    fresh = _locked.first(ticket.pk)
    if fresh is None:
        raise NotFoundError
    require(actor, fresh, may)
    if expected_version is not None and fresh.version != expected_version:
        raise StaleTicketError(version=fresh.version)
    return reference.dress(fresh)


def lock_both(
    one: Ticket, other: Ticket, *, expected_version: int | None = None
) -> tuple[Ticket, Ticket]:
    """Both, locked in the order of their ids: two such actions never wait for each other.

    `expected_version` is the first one's, as its reader saw it.
    """
    found = {row.pk: row for row in _both_locked(one.pk, other.pk)}
    if one.pk not in found or other.pk not in found:
        raise NotFoundError
    if expected_version is not None and found[one.pk].version != expected_version:
        raise StaleTicketError(version=found[one.pk].version)
    return found[one.pk], found[other.pk]


def require(actor: Actor, ticket: Ticket, may: Policy) -> None:
    if not may(actor, ticket):
        raise ForbiddenError


def save(ticket: Ticket, *fields: str, now: datetime) -> None:
    ticket.version += 1
    ticket.updated_at = now
    ticket.save(update_fields=[*fields, "version", "updated_at"])


def default_status(category: StatusCategory) -> Status:
    return reference.default_status(category)


def move(
    ticket: Ticket,
    status: Status,
    *,
    actor: Actor,
    now: datetime,
    until: datetime | None = None,
    by_reply: bool = False,
    automatic: bool = False,
) -> None:
    """Take the ticket to a status and record what that means. Raises TransitionRefusedError."""
    before, before_slug = ticket.status_category, ticket.status.slug
    after = StatusCategory(status.category)
    if not statuses.allows(before, after):
        raise TransitionRefusedError(before, after)
    if after == StatusCategory.SCHEDULED and not _is_ahead(until, now):
        raise DateMissingError
    _place(ticket, status, now=now, until=until)
    if before == StatusCategory.RESOLVED and after == StatusCategory.OPEN:
        ticket.waiting_since = ticket.waiting_since or now
    save(
        ticket,
        "status",
        "status_category",
        "resolved_at",
        "closed_at",
        "scheduled_until",
        "waiting_since",
        now=now,
    )
    subject = events.subject_of(ticket.pk)
    changed = events.TicketStatusChanged(
        subject=subject,
        status_from=before_slug,
        status_to=status.slug,
        category_from=before,
        category_to=after,
    )
    journal.record(changed, actor=actor, now=now)
    if before == StatusCategory.RESOLVED and after == StatusCategory.OPEN:
        reopened = events.TicketReopened(subject=subject, by_reply=by_reply)
        journal.record(reopened, actor=actor, now=now)
    if after == StatusCategory.CLOSED:
        closed = events.TicketClosed(subject=subject, automatic=automatic)
        journal.record(closed, actor=actor, now=now)


def _is_ahead(until: datetime | None, now: datetime) -> bool:
    return until is not None and now < until <= now + LONGEST_SCHEDULE


def _place(ticket: Ticket, status: Status, *, now: datetime, until: datetime | None) -> None:
    ticket.status = status
    ticket.status_category = status.category
    is_solved = status.category in {StatusCategory.RESOLVED, StatusCategory.CLOSED}
    ticket.resolved_at = (ticket.resolved_at or now) if is_solved else None
    ticket.closed_at = now if status.category == StatusCategory.CLOSED else None
    ticket.scheduled_until = until if status.category == StatusCategory.SCHEDULED else None
    if status.category in statuses.FINISHED:
        ticket.waiting_since = None


def survivor_of(ticket: Ticket) -> Ticket:
    """Where a merged ticket's conversation goes on; the ticket itself if it isn't merged."""
    while ticket.merged_into is not None:
        ticket = ticket.merged_into
    return ticket


def check_text(text: str) -> str:
    """Raises EmptyTextError, TextTooLongError. NUL and lone surrogates are not text."""
    text = text.replace("\0", "").encode(errors="ignore").decode().strip()
    if not text:
        raise EmptyTextError
    if len(text) > TEXT_LIMIT:
        raise TextTooLongError
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What somebody wrote, before it is a message. The same `submission` is stored once.

    It is checked and rendered when it is made: nobody waits for a row's lock meanwhile.
    """

    text: str
    form: markup.Format
    channel: str
    attachments: Sequence[StoredFile] = ()
    uploads: Sequence[str] = ()  # refs of files that the writer put down before
    submission: uuid.UUID | None = None
    html: str = field(init=False)

    def __post_init__(self) -> None:
        text = check_text(self.text)
        object.__setattr__(self, "text", text)  # it is frozen from here on
        object.__setattr__(self, "html", markup.render(text, self.form))


def write_message(
    ticket: Ticket,
    writing: Writing,
    *,
    visibility: Message.Visibility,
    direction: Message.Direction,
    actor: Actor,
    now: datetime,
    is_first: bool = False,
) -> Message:
    """Store a message with its files. The caller records what it means, after this."""
    is_public = visibility == Message.Visibility.PUBLIC
    in_reply_to, references = thread_of(ticket, is_new=is_first) if is_public else ("", "")
    message = Message.objects.create(
        ticket=ticket,
        author_id=None if actor.is_system else actor.id,
        visibility=visibility,
        direction=direction,
        channel=writing.channel,
        is_automatic=actor.is_system,
        source=writing.text,
        form=writing.form,
        html=writing.html,
        sanitiser_version=markup.SANITISER_VERSION,
        message_id=new_message_id(ticket.ref),
        in_reply_to=in_reply_to,
        references=references,
        submission=writing.submission,
        created_at=now,
    )
    files = [*writing.attachments, *take_uploads(writing.uploads, actor=actor, now=now)]
    _attach(message, files, actor=actor, now=now)
    return message


def thread_of(ticket: Ticket, *, is_new: bool = False) -> tuple[str, str]:
    """What the next public message of a ticket answers: In-Reply-To and References (RFC 5322).

    On a new ticket there is none to look for.
    """
    newest = [] if is_new else [str(found) for found in _public_ids(ticket.pk)]
    return thread(root_message_id(ticket.ref), newest[::-1])


def _attach(
    message: Message, attachments: Sequence[StoredFile], *, actor: Actor, now: datetime
) -> None:
    rows = [
        Attachment(
            message=message,
            key=stored.key,
            name=stored.name,
            content_type=stored.content_type,
            size=stored.size,
            sha256=stored.sha256,
            scan=stored.scan,
            finding=stored.finding,
        )
        for stored in attachments
    ]
    for row in Attachment.objects.bulk_create(rows):
        uploaded = events.AttachmentUploaded(
            subject=events.subject_of(message.ticket_id),
            attachment_id=row.pk,
            message_id=message.pk,
            content_type=row.content_type,
            size=row.size,
            scan=row.scan,
        )
        journal.record(uploaded, actor=actor, now=now)
        if row.scan == Attachment.Scan.QUARANTINED:
            journal.record(quarantined(row, ticket_id=message.ticket_id), actor=SYSTEM, now=now)


def quarantined(row: Attachment, *, ticket_id: int) -> events.AttachmentQuarantined:
    return events.AttachmentQuarantined(
        subject=events.subject_of(ticket_id), attachment_id=row.pk, finding=row.finding
    )


def person(actor: Actor) -> User:
    """The user behind an actor. Raises ForbiddenError for the desk itself and for strangers."""
    user = User.objects.filter(pk=actor.id, is_active=True).first() if actor.id else None
    if user is None:
        raise ForbiddenError
    return user
