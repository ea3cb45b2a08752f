from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import NotFoundError
from apps.tickets import events, policies, statuses
from apps.tickets.actions import rows
from apps.tickets.actions.raising import clean_subject
from apps.tickets.errors import MergeRefusedError, SplitRefusedError, TransitionRefusedError
from apps.tickets.models import Link, Message, Participant, Ticket
from apps.tickets.statuses import TERMINAL, StatusCategory


@transaction.atomic
def merge(*, ticket: Ticket, survivor: Ticket, actor: Actor, now: datetime) -> Ticket:
    """Let the conversation of `ticket` go on in `survivor`. Nothing moves: it is a pointer.

    Only tickets of one requester, or of one organisation, merge: the survivor's readers will read
    both. Returns the merged ticket.
    """
    if ticket.pk == survivor.pk:
        raise MergeRefusedError("A ticket can't be merged into itself. Choose another one.")
    ticket, survivor = rows.lock_both(ticket, survivor)
    rows.require(actor, ticket, policies.can_work)
    rows.require(actor, survivor, policies.can_work)
    check_merge(ticket, survivor)
    before = ticket.status
    ticket.status_before_merge = before
    ticket.merged_into = survivor
    ticket.status = rows.default_status(StatusCategory.MERGED)
    ticket.status_category = StatusCategory.MERGED
    fields = ("status_before_merge", "merged_into", "status", "status_category")
    rows.save(ticket, *fields, now=now)
    _bring_participants(ticket, survivor, actor, now)
    rows.save(survivor, now=now)
    fact = events.TicketMerged(subject=events.subject_of(ticket.pk), survivor_id=survivor.pk)
    journal.record(fact, actor=actor, now=now)
    return ticket


def check_merge(ticket: Ticket, survivor: Ticket) -> None:
    """Raises what keeps these two apart, whoever asks. A preview asks it too."""
    if not statuses.allows(ticket.status_category, StatusCategory.MERGED):
        raise TransitionRefusedError(ticket.status_category, StatusCategory.MERGED)
    if survivor.status_category in TERMINAL:
        raise MergeRefusedError(
            f"#{survivor.pk} is {survivor.status_category}: choose a ticket that is still alive."
        )
    one_customer = ticket.requester_id == survivor.requester_id or (
        ticket.organisation_id is not None and ticket.organisation_id == survivor.organisation_id
    )
    if not one_customer:
        raise MergeRefusedError(
            "These tickets belong to different customers, who would read each other's messages."
            " Link them instead."
        )


def _bring_participants(ticket: Ticket, survivor: Ticket, actor: Actor, now: datetime) -> None:
    came = [(p.user_id, p.address, p.can_reply) for p in ticket.participants.all()]
    if ticket.requester_id != survivor.requester_id:
        came.append((ticket.requester_id, "", True))
    Participant.objects.bulk_create(
        [
            Participant(
                ticket=survivor,
                user_id=user_id,
                address=address,
                can_reply=can_reply,
                source=Participant.Source.MERGE,
                added_by_id=actor.id,
                added_at=now,
                came_with=ticket,
            )
            for user_id, address, can_reply in came
            if user_id is None or user_id != survivor.requester_id
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def unmerge(*, ticket: Ticket, actor: Actor, now: datetime) -> Ticket:
    """Undo a merge: the ticket stands on its own again, where it stood before."""
    survivor, before = ticket.merged_into, ticket.status_before_merge
    if survivor is None or before is None:
        raise MergeRefusedError("This ticket isn't merged.")
    ticket, survivor = rows.lock_both(ticket, survivor)
    rows.require(actor, ticket, policies.can_work)
    if ticket.merged_into_id != survivor.pk:
        raise MergeRefusedError("This ticket isn't merged.")
    ticket.status, ticket.status_category = before, before.category
    ticket.merged_into = ticket.status_before_merge = None
    fields = ("status", "status_category", "merged_into", "status_before_merge")
    rows.save(ticket, *fields, now=now)
    Participant.objects.filter(ticket=survivor, came_with=ticket).delete()
    rows.save(survivor, now=now)
    fact = events.TicketUnmerged(subject=events.subject_of(ticket.pk), survivor_id=survivor.pk)
    journal.record(fact, actor=actor, now=now)
    return ticket


@transaction.atomic
def split(
    *, ticket: Ticket, messages: Sequence[Message], subject: str, actor: Actor, now: datetime
) -> Ticket:
    """Move some messages, with their files, to a new ticket of the same requester, linked back.

    The first message stays: it is what the ticket is about. Later answers by mail to a message
    that moved go where it is now.
    """
    ticket = rows.lock(ticket, actor=actor, may=policies.can_work)
    chosen = {message.pk for message in messages}
    conversation = list(
        Message.objects.filter(ticket=ticket).conversation().values_list("pk", flat=True)
    )
    if not chosen:
        raise SplitRefusedError("Choose the messages that the new ticket is about.")
    if not chosen <= set(conversation):
        raise NotFoundError
    if conversation[0] in chosen:
        raise SplitRefusedError("The first message stays: it is what this ticket is about.")
    moved = tuple(pk for pk in conversation if pk in chosen)
    new = _twin(ticket, subject, now)
    Message.objects.filter(pk__in=moved).update(ticket=new)
    Link.objects.create(source=new, target=ticket, kind=Link.Kind.RELATES)
    rows.save(ticket, now=now)
    raised = events.TicketRaised(
        subject=events.subject_of(new.pk),
        message_id=moved[0],
        requester_id=new.requester_id,
        organisation_id=new.organisation_id,
        category_id=new.category_id,
        team_id=new.team_id,
        priority=new.priority,
        channel=new.channel,
    )
    journal.record(raised, actor=actor, now=now)
    fact = events.TicketSplit(
        subject=events.subject_of(ticket.pk), into_id=new.pk, message_ids=moved
    )
    journal.record(fact, actor=actor, now=now)
    return new


def _twin(ticket: Ticket, subject: str, now: datetime) -> Ticket:
    return Ticket.objects.create(
        kind=ticket.kind,
        subject=clean_subject(subject),
        status=rows.default_status(StatusCategory.NEW),
        status_category=StatusCategory.NEW,
        impact=ticket.impact,
        urgency=ticket.urgency,
        priority=ticket.priority,
        priority_override=ticket.priority_override,
        override_reason=ticket.override_reason,
        requester_id=ticket.requester_id,
        organisation_id=ticket.organisation_id,
        team_id=ticket.team_id,
        category_id=ticket.category_id,
        custom=ticket.custom,
        channel=ticket.channel,
        language=ticket.language,
        raised_at=now,
        updated_at=now,
        waiting_since=now,
    )
