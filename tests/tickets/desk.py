"""Short words for the tests of the ticket's verbs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from apps.accounts.models import User
from apps.events.models import Event
from apps.kernel.actors import SYSTEM
from apps.tickets import actions, files
from apps.tickets.files import StoredFile
from apps.tickets.models import Status, Ticket
from apps.tickets.statuses import StatusCategory
from tests.cast import Cast
from tests.support import NOON

LATER = NOON + timedelta(hours=1)
_C = StatusCategory
# How a ticket comes to stand in each category, by the desk's own verbs.
_PATHS: dict[str, tuple[str, ...]] = {
    _C.NEW: (),
    _C.OPEN: (_C.OPEN,),
    _C.PENDING: (_C.PENDING,),
    _C.ON_HOLD: (_C.OPEN, _C.ON_HOLD),
    _C.SCHEDULED: (_C.OPEN, _C.SCHEDULED),
    _C.RESOLVED: (_C.RESOLVED,),
    _C.CLOSED: (_C.RESOLVED, _C.CLOSED),
    _C.CANCELLED: (_C.CANCELLED,),
    _C.SPAM: (_C.SPAM,),
}


def raised(cast: Cast, by: User | None = None, **said: Any) -> Ticket:
    person = by or cast.rachel
    wanted = {"subject": "My card is gone", "text": "Help.", **said}
    return actions.raise_ticket(requester=person, actor=cast.actor(person), now=NOON, **wanted)


def status(category: str) -> Status:
    return Status.objects.get(category=category, is_default=True)


def standing(cast: Cast, category: str, **said: Any) -> Ticket:
    """A ticket of Rachel's in this category."""
    ticket = raised(cast, **said)
    if category == _C.MERGED:
        survivor = raised(cast)
        return actions.merge(ticket=ticket, survivor=survivor, actor=SYSTEM, now=NOON)
    for step in _PATHS[category]:
        until = NOON + timedelta(days=2) if step == _C.SCHEDULED else None
        ticket = actions.change_status(
            ticket=ticket, status=status(step), until=until, actor=SYSTEM, now=NOON
        )
    return ticket


def stored(name: str = "note.txt", content: bytes = b"plain words") -> StoredFile:
    return files.store(SimpleUploadedFile(name, content))


def facts(ticket: Ticket) -> list[str]:
    """The names of a ticket's facts, in order."""
    rows = Event.objects.filter(subject=f"ticket:{ticket.pk}").order_by("id")
    return list(rows.values_list("name", flat=True))


def last_fact(ticket: Ticket) -> dict[str, Any]:
    row = Event.objects.filter(subject=f"ticket:{ticket.pk}").order_by("-id")[0]
    return {"name": row.name, **row.data}
