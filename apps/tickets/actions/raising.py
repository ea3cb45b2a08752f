from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from apps.accounts.models import Team, User
from apps.events import journal
from apps.kernel import markup
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError
from apps.kernel.text import one_line
from apps.tickets import custom as custom_fields
from apps.tickets import events, policies, reference
from apps.tickets.actions import rows
from apps.tickets.errors import CategoryRefusedError, DoubleSubmissionError, SubjectRefusedError
from apps.tickets.files import StoredFile
from apps.tickets.models import (
    Category,
    Channel,
    Level,
    Link,
    Message,
    Tag,
    Ticket,
    TicketTag,
)
from apps.tickets.statuses import StatusCategory
from apps.tickets.tags import clean_tags

SUBJECT_LIMIT = 200  # characters


def raise_ticket(
    *,
    requester: User,
    subject: str,
    text: str,
    actor: Actor,
    now: datetime,
    form: markup.Format = "markdown",
    category: Category | None = None,
    kind: str = Ticket.Kind.QUESTION,
    impact: int | None = None,
    urgency: int | None = None,
    custom: Mapping[str, object] | None = None,
    channel: str = Channel.PORTAL,
    attachments: Sequence[StoredFile] = (),
    uploads: Sequence[str] = (),
    submission: uuid.UUID | None = None,
    tags: Sequence[str] = (),
    team: Team | None = None,
    language: str = "en",
) -> Ticket:
    """A new ticket with its first message. The same submission again gives the same ticket.

    With other words, or from somebody else, it raises DoubleSubmissionError: nothing is taken for
    sent that wasn't.

    The category gives what isn't said: team, impact, urgency, and which custom fields are needed.
    Customers raise tickets for themselves; staff for anybody.
    """
    _check(actor, requester, category)
    draft = Ticket(
        kind=kind,
        subject=clean_subject(subject),
        impact=impact or (category.impact if category else Level.LOW),
        urgency=urgency or (category.urgency if category else Level.MEDIUM),
        requester=requester,
        organisation_id=requester.organisation_id,
        team_id=team.pk if team else (category.team_id if category else None),
        category=category,
        custom=custom_fields.clean(custom_fields.definitions_for(category), custom or {}),
        channel=channel,
        language=language,
        submission=submission,
        raised_at=now,
        updated_at=now,
        waiting_since=now,
    )
    writing = rows.Writing(
        text=text,
        form=form,
        channel=channel,
        attachments=attachments,
        uploads=uploads,
        submission=submission,
    )
    return _store_once(draft, writing, tags=clean_tags(tags), actor=actor, now=now)


def _store_once(
    draft: Ticket, writing: rows.Writing, *, tags: Sequence[str], actor: Actor, now: datetime
) -> Ticket:
    try:
        return _store(draft, writing, tags=tags, actor=actor, now=now)
    except IntegrityError:
        first = _first_of(draft, writing)
        if first is None:
            raise
        return first


def _check(actor: Actor, requester: User, category: Category | None) -> None:
    if not policies.can_raise_for(actor, requester):
        raise ForbiddenError
    if category is not None and category.archived:
        raise CategoryRefusedError


def _first_of(draft: Ticket, writing: rows.Writing) -> Ticket | None:
    """The ticket that this form made already. Raises DoubleSubmissionError if it asks other things.

    Edited subjects and redacted texts count as what they were.
    """
    if writing.submission is None:
        return None
    opening = Message.objects.select_related("ticket").filter(submission=writing.submission).first()
    if opening is None:
        return None
    is_same = opening.redacted_at or opening.source == rows.check_text(writing.text)
    if opening.ticket.requester_id != draft.requester_id or not is_same:
        raise DoubleSubmissionError
    return opening.ticket


def follow_up(ticket: Ticket, writing: rows.Writing, *, actor: Actor, now: datetime) -> Message:
    """A late reply to a closed ticket: a new ticket like it, linked to it."""
    requester = ticket.requester if policies.can_work(actor, ticket) else rows.person(actor)
    draft = Ticket(
        kind=ticket.kind,
        subject=ticket.subject,
        impact=ticket.impact,
        urgency=ticket.urgency,
        requester=requester,
        organisation_id=requester.organisation_id,  # of today, whoever it was then
        team_id=ticket.team_id,
        category_id=ticket.category_id,
        custom=ticket.custom,
        channel=writing.channel,
        language=ticket.language,
        submission=writing.submission,
        raised_at=now,
        updated_at=now,
        waiting_since=now,
    )
    raised = _store(draft, writing, follows=ticket, actor=actor, now=now)
    return Message.objects.select_related("ticket").get(ticket=raised)


@transaction.atomic
def _store(
    ticket: Ticket,
    writing: rows.Writing,
    *,
    actor: Actor,
    now: datetime,
    tags: Sequence[str] = (),
    follows: Ticket | None = None,
) -> Ticket:
    ticket.status = rows.default_status(StatusCategory.NEW)
    ticket.status_category = StatusCategory.NEW
    ticket.priority = matrix_priority(ticket.impact, ticket.urgency)
    ticket.save(force_insert=True)
    message = rows.write_message(
        ticket,
        writing,
        visibility=Message.Visibility.PUBLIC,
        direction=Message.Direction.IN,
        actor=actor,
        now=now,
        is_first=True,
    )
    add_tags(ticket, tags)
    if follows is not None:
        Link.objects.create(source=ticket, target=follows, kind=Link.Kind.FOLLOWS)
    fact = events.TicketRaised(
        subject=events.subject_of(ticket.pk),
        message_id=message.pk,
        requester_id=ticket.requester_id,
        organisation_id=ticket.organisation_id,
        category_id=ticket.category_id,
        team_id=ticket.team_id,
        priority=ticket.priority,
        channel=ticket.channel,
        follows=follows.pk if follows else None,
    )
    journal.record(fact, actor=actor, now=now)
    return ticket


def clean_subject(subject: str) -> str:
    """One line of text. Raises SubjectRefusedError."""
    line = one_line(subject)
    if not 1 <= len(line) <= SUBJECT_LIMIT:
        raise SubjectRefusedError
    return line


def matrix_priority(impact: int, urgency: int) -> int:
    return reference.priority(impact, urgency)


def add_tags(ticket: Ticket, names: Sequence[str]) -> None:
    if not names:
        return
    Tag.objects.bulk_create([Tag(name=name) for name in names], ignore_conflicts=True)
    TicketTag.objects.bulk_create(
        [TicketTag(ticket=ticket, tag=tag) for tag in Tag.objects.filter(name__in=names)],
        ignore_conflicts=True,
    )
