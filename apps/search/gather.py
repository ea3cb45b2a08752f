"""Tickets as documents. A constant number of queries, however many tickets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.accounts.models import User
from apps.events import journal
from apps.search import keys
from apps.search.documents import Document, Face
from apps.tickets.events import subject_of
from apps.tickets.models import Attachment, Message, Participant, Ticket, TicketTag
from apps.tickets.statuses import ACTIVE, StatusCategory

OVER = frozenset({StatusCategory.RESOLVED, StatusCategory.CLOSED, StatusCategory.CANCELLED})
TEXTS = 400  # of one ticket: the first message and the latest ones
CHARACTERS = 200_000  # of one face


@dataclass(slots=True)
class Said:
    """What was written on a ticket and those merged into it: texts and names of files."""

    public: list[str] = field(default_factory=list)
    internal: list[str] = field(default_factory=list)
    has_file: bool = False
    has_public_file: bool = False


def survivors_of(ticket_ids: Collection[int]) -> set[int]:
    """The tickets under which these are found: themselves, or what they were merged into."""
    found, below = set[int](), set(ticket_ids)
    while below:
        rows = Ticket.objects.filter(pk__in=below).values_list("pk", "merged_into")
        above = dict(rows)
        found |= {pk for pk, into in above.items() if into is None}
        below = {into for into in above.values() if into is not None}
    return found


def ticket_documents(ticket_ids: Sequence[int]) -> list[Document]:
    """Those that are found under their own number: merged ones are part of their survivor."""
    versions = journal.latest([subject_of(pk) for pk in ticket_ids])
    tickets = list(
        Ticket.objects.filter(pk__in=ticket_ids, merged_into=None)
        .order_by("pk")
        .values(
            *("pk", "subject", "custom", "requester_id", "organisation_id", "team_id"),
            *("assignee_id", "category_id", "status_id", "status_category", "priority"),
            *("is_major_incident", "raised_at", "updated_at"),
        )
    )
    owner = family_of([ticket["pk"] for ticket in tickets])
    said = _said(owner)
    people = User.objects.in_bulk({ticket["requester_id"] for ticket in tickets})
    readers, tags = _readers(owner.values()), _tags(owner.values())
    return [
        Document(
            key=ticket["pk"],
            version=versions.get(subject_of(ticket["pk"]), 0),
            created_at=ticket["raised_at"],
            updated_at=ticket["updated_at"],
            faces=_faces(
                ticket,
                people[ticket["requester_id"]],
                said[ticket["pk"]],
                readers[ticket["pk"]],
                tags[ticket["pk"]],
            ),
        )
        for ticket in tickets
    ]


def family_of(ticket_ids: Sequence[int]) -> dict[int, int]:
    """Every ticket whose messages count, and under which ticket they are found."""
    owner = {pk: pk for pk in ticket_ids}
    level: list[int] = list(ticket_ids)
    while level:
        merged = Ticket.objects.filter(merged_into__in=level).values_list("pk", "merged_into")
        found = {pk: owner[into] for pk, into in merged if into is not None}
        owner |= found
        level = list(found)
    return owner


def _said(owner: Mapping[int, int]) -> defaultdict[int, Said]:
    said: defaultdict[int, Said] = defaultdict(Said)
    rows = Message.objects.filter(ticket__in=owner).order_by("ticket", "pk")
    for ticket_id, visibility, source in rows.values_list("ticket", "visibility", "source"):
        of = said[owner[ticket_id]]
        (of.public if visibility == Message.Visibility.PUBLIC else of.internal).append(source)
    files = (
        Attachment.objects.openable()
        .filter(message__ticket__in=owner)
        .order_by("pk")
        .values_list("message__ticket", "message__visibility", "name")
    )
    for ticket_id, visibility, name in files:
        of, is_public = said[owner[ticket_id]], visibility == Message.Visibility.PUBLIC
        (of.public if is_public else of.internal).append(name)
        of.has_file, of.has_public_file = True, of.has_public_file or is_public
    return said


def _readers(ticket_ids: Iterable[int]) -> defaultdict[int, set[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    rows = Participant.objects.filter(ticket__in=set(ticket_ids), user__isnull=False)
    for ticket_id, user_id in rows.values_list("ticket", "user"):
        if user_id is not None:
            found[ticket_id].add(user_id)
    return found


def _tags(ticket_ids: Iterable[int]) -> defaultdict[int, dict[int, str]]:
    found: defaultdict[int, dict[int, str]] = defaultdict(dict)
    rows = TicketTag.objects.filter(ticket__in=set(ticket_ids))
    for ticket_id, tag_id, name in rows.values_list("ticket", "tag", "tag__name"):
        found[ticket_id][tag_id] = name
    return found


def _faces(
    ticket: Mapping[str, Any],
    requester: User,
    said: Said,
    takes_part: set[int],
    tags: Mapping[int, str],
) -> tuple[Face, ...]:
    """One face if there is nothing that customers may not read."""
    about = [str(ticket["pk"]), f"{requester.name} {requester.email}"]
    about += [value for value in ticket["custom"].values() if isinstance(value, str)]
    shared = _shared_keys(ticket) | {keys.watcher(pk) for pk in takes_part}
    readers = {keys.reader(pk) for pk in {ticket["requester_id"], *takes_part}}
    if ticket["organisation_id"] is not None:
        readers.add(keys.readers_of(ticket["organisation_id"]))
    readers |= {keys.behind(ticket["team_id"]), keys.held(ticket["assignee_id"])}
    for_staff = _staff_keys(ticket, tags)
    public = tuple(_capped(about + said.public))
    if not said.internal and not tags:
        has = {keys.HAS_FILE} if said.has_file else set()
        return (
            Face(title=ticket["subject"], texts=public, keys=shared | readers | for_staff | has),
        )
    everything = tuple(_capped([*about, *tags.values(), *said.public, *said.internal]))
    seen = {keys.HAS_FILE} if said.has_public_file else set()
    has = {keys.HAS_FILE} if said.has_file else set()
    return (
        Face(title=ticket["subject"], texts=public, keys=shared | readers | seen),
        Face(title=ticket["subject"], texts=everything, keys=shared | for_staff | has),
    )


def _shared_keys(ticket: Mapping[str, Any]) -> frozenset[str]:
    category = ticket["status_category"]
    standing = {keys.standing(category)}
    if category in ACTIVE:
        standing.add(keys.ACTIVE)
    elif category in OVER:
        standing.add(keys.OVER)
    return frozenset(
        {
            *standing,
            keys.requester(ticket["requester_id"]),
            keys.category(ticket["category_id"]),
            keys.status(ticket["status_id"]),
        }
    )


def _staff_keys(ticket: Mapping[str, Any], tags: Mapping[int, str]) -> set[str]:
    found = {
        keys.STAFF,
        keys.team(ticket["team_id"]),
        keys.assignee(ticket["assignee_id"]),
        keys.priority(ticket["priority"]),
        *(keys.tag(pk) for pk in tags),
    }
    if ticket["organisation_id"] is not None:
        found.add(keys.organisation(ticket["organisation_id"]))
    if ticket["is_major_incident"]:
        found.add(keys.MAJOR)
    return found


def _capped(texts: Sequence[str]) -> list[str]:
    """The first texts and the latest, so that an endless ticket stays findable and small."""
    kept = [*texts[:10], *texts[10:][-TEXTS:]]
    room, found = CHARACTERS, []
    for text in kept:
        if room <= 0:
            break
        found.append(text[:room])
        room -= len(text)
    return found
