"""What the workspace reads of one ticket: two round trips, however much was said on it."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q, prefetch_related_objects

from apps.desk.models import Draft
from apps.events import journal
from apps.events.envelope import Envelope
from apps.kernel.actors import Actor
from apps.kernel.compiled import Compiled, CompiledFor, padded, together
from apps.knowledge import shelf
from apps.knowledge.models import Article
from apps.tickets import events
from apps.tickets.models import (
    Attachment,
    Link,
    Message,
    Participant,
    Rating,
    Tag,
    Ticket,
    TicketTag,
)

AT_ONCE = 30  # messages; earlier ones are a click away
HISTORY = 80  # facts
LOOKED_AT = 20  # tickets of the same requester


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What belongs to a ticket. Who may see which of the other tickets is not yet asked."""

    near: list[Ticket]  # merged into it, or children of it
    facts: list[Envelope]  # the newest first
    newest: list[int]  # messages of its own, the newest first; twice as many as are shown
    links: list[Link]
    participants: list[Participant]
    tags: list[Tag]
    drafts: list[Draft]
    others: list[Ticket]  # of the same requester, that the actor may see
    articles: list[Article]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Messages in the order of time, their files, and the last rating of the requester."""

    messages: list[Message]
    files: Mapping[int, Sequence[Attachment]]
    rating: Rating | None


def around(ticket: Ticket, actor: Actor) -> Around:
    """One round trip, and one for the files of drafts if there are any."""
    subject, pk = events.subject_of(ticket.pk), ticket.pk
    near, facts, newest, links, participants, tags, drafts, others, articles = together(
        _near.asked(pk),
        journal.asked_history(subject, limit=HISTORY),
        _newest.asked(pk),
        _links.asked(pk),
        _participants.asked(pk),
        _tags.asked(pk),
        _drafts.asked(pk),
        _others.asked(actor, ticket.requester_id, pk),
        shelf.asked_linked_to(subject, actor),
    )
    prefetch_related_objects(drafts, "files")
    return Around(
        near=near,
        facts=[journal.envelope(row) for row in facts],
        newest=newest,
        links=links,
        participants=participants,
        tags=[row.tag for row in tags],
        drafts=drafts,
        others=others,
        articles=articles,
    )


def drafts_on(ticket_id: int) -> list[Draft]:
    """One query, and one for their files if there are any."""
    found = _drafts(ticket_id)
    prefetch_related_objects(found, "files")
    return found


def said(message_ids: Sequence[int], rated: Sequence[Ticket]) -> Said:
    """One round trip: these messages, and the last rating of these tickets."""
    ids, tickets = padded(message_ids or [0]), padded([row.pk for row in rated])
    messages, files, ratings = together(
        _messages(len(ids)).asked(*ids),
        _files(len(ids)).asked(*ids),
        _rating(len(tickets)).asked(*tickets),
    )
    by_message = defaultdict(list)
    for file in files:
        by_message[file.message_id].append(file)
    return Said(messages=messages, files=by_message, rating=next(iter(ratings), None))


_near: Compiled[Ticket] = Compiled(
    lambda pk: Ticket.objects.filter(Q(merged_into=pk) | Q(parent=pk)).order_by("pk")
)
_newest: Compiled[int] = Compiled(
    lambda pk: (
        Message.objects.filter(ticket__in=[pk])
        .order_by("-created_at", "-id")
        .values_list("pk", flat=True)[: 2 * AT_ONCE]
    )
)
_links: Compiled[Link] = Compiled(
    lambda pk: (
        Link.objects.filter(Q(source=pk) | Q(target=pk))
        .select_related("source__status", "target__status")
        .order_by("pk")
    )
)
_participants: Compiled[Participant] = Compiled(
    lambda pk: Participant.objects.filter(ticket=pk).select_related("user").order_by("pk")
)
_tags: Compiled[TicketTag] = Compiled(
    lambda pk: TicketTag.objects.filter(ticket=pk).select_related("tag").order_by("tag__name")
)
_drafts: Compiled[Draft] = Compiled(lambda pk: Draft.objects.filter(ticket=pk).order_by("pk"))
_others: CompiledFor[Ticket] = CompiledFor(
    lambda actor, requester, but: (
        Ticket.objects.visible_to(actor)
        .raised_by(requester)
        .exclude(pk=but)
        .order_by("-updated_at", "-pk")[:LOOKED_AT]
    )
)


@functools.cache
def _messages(_count: int) -> Compiled[Message]:
    return Compiled(
        lambda *ids: Message.objects.filter(pk__in=ids).conversation().select_related("author")
    )


@functools.cache
def _files(_count: int) -> Compiled[Attachment]:
    return Compiled(lambda *ids: Attachment.objects.filter(message__in=ids).order_by("pk"))


@functools.cache
def _rating(_count: int) -> Compiled[Rating]:
    return Compiled(
        lambda *ids: Rating.objects.filter(ticket__in=ids).given().order_by("-given_at")[:1]
    )
