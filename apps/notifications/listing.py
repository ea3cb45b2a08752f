"""The notifications page: what concerns a person, newest first, one entry a ticket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from apps.kernel.actors import Actor
from apps.notifications.kinds import SAID, SAID_BY, Kind
from apps.notifications.models import Notification

PAGE = 30  # notes, of which those about one ticket stand together


@dataclass(slots=True, kw_only=True)
class Entry:
    """What happened to one ticket, within the page. `said` is newest first."""

    newest: int  # the note by which the entry is opened
    number: int
    subject: str
    at: datetime
    is_unread: bool = False
    said: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    entries: list[Entry]
    newest: int  # of all the notes on the page; 0 if there are none
    following: int | None  # the next page begins before this note


def page(actor: Actor, *, before: int | None = None) -> Page:
    """One query, however many tickets."""
    notes = Notification.objects.shown_to(actor).select_related("ticket", "message__author")
    if before is not None:
        notes = notes.filter(pk__lt=before)
    found = list(notes.order_by("-pk")[: PAGE + 1])
    shown = found[:PAGE]
    return Page(
        entries=_entries(shown),
        newest=shown[0].pk if shown else 0,
        following=shown[-1].pk if len(found) > PAGE else None,
    )


def _entries(notes: Iterable[Notification]) -> list[Entry]:
    entries: dict[int, Entry] = {}
    for note in notes:
        entry = entries.setdefault(
            note.ticket_id,
            Entry(
                newest=note.pk,
                number=note.ticket_id,
                subject=note.ticket.subject,
                at=note.created_at,
            ),
        )
        entry.is_unread |= note.read_at is None
        said = _said(note)
        if said not in entry.said:
            entry.said.append(said)
    return list(entries.values())


def _said(note: Notification) -> str:
    kind = Kind(note.kind)
    author = note.message.author if note.message is not None else None
    if author is not None and kind in SAID_BY:
        return str(SAID_BY[kind]) % {"name": author.get_short_name()}
    return str(SAID[kind])
