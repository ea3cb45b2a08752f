from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.accounts.access import actor_for
from apps.accounts.models import User
from apps.desk import directory, mentions
from apps.desk.actions import drafts, replies
from apps.desk.actions.drafts import Composed
from apps.desk.errors import MentionRefusedError
from apps.desk.events import MessageMentioned
from apps.desk.models import Draft, Mention
from apps.events import journal
from apps.kernel.actors import Actor
from apps.tickets import actions as tickets
from apps.tickets import events, policies
from apps.tickets.models import Message, Ticket


@transaction.atomic
def add_note(*, ticket: Ticket, written: Composed, actor: Actor, now: datetime) -> Message:
    """A work note, with whoever it mentions told of it.

    It goes through whatever changed meanwhile: a note answers nobody. Raises MentionRefusedError
    if it mentions somebody who can't see the ticket.
    """
    again = Message.objects.filter(submission=written.submission).first()
    if again is not None and again.author_id == actor.id:
        return again
    draft = drafts.resting(ticket, Draft.Kind.NOTE, actor)
    files = drafts.take_files(draft, written, actor=actor, now=now)
    message = tickets.note(
        ticket=ticket,
        text=written.text,
        attachments=files,
        submission=written.submission,
        actor=actor,
        now=now,
    )
    if written.used:
        replies.count_uses(reply_ids=written.used, actor=actor)
    _mention(message, actor=actor, now=now)
    if written.status is not None:
        tickets.change_status(ticket=message.ticket, status=written.status, actor=actor, now=now)
    return message


def _mention(message: Message, *, actor: Actor, now: datetime) -> None:
    named = mentions.meant(message.source, directory.staff()) if "@" in message.source else []
    chosen = [pk for pk in named if pk != actor.id]
    if not chosen or Mention.objects.filter(message=message).exists():
        return
    people = {user.pk: user for user in User.objects.filter(pk__in=chosen)}
    blind = [
        str(people[pk])
        for pk in chosen
        if not policies.can_work(actor_for(people[pk]), message.ticket)
    ]
    if blind:
        raise MentionRefusedError(blind)
    Mention.objects.bulk_create(
        Mention(message=message, user_id=pk, created_at=now) for pk in chosen
    )
    fact = MessageMentioned(
        subject=events.subject_of(message.ticket_id), message_id=message.pk, user_ids=tuple(chosen)
    )
    journal.record(fact, actor=actor, now=now)


def forget_mentions(*, user_id: int) -> None:
    """Of somebody who leaves the desk's memory."""
    Mention.objects.filter(user=user_id).delete()
