"""The row, or the same error for hidden and absent."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

from apps.kernel.actors import Actor
from apps.kernel.compiled import CompiledFor
from apps.kernel.errors import NotFoundError
from apps.kernel.noting import note
from apps.tickets import reference
from apps.tickets.errors import FileWaitingError, UnknownNumberError
from apps.tickets.models import Attachment, Message, Ticket, Upload
from apps.tickets.querysets import TicketQuerySet

Row = TypeVar("Row", bound=Model)

_PARTS = ("assignee", "requester", "organisation")


def ticket_by_ref(ref: str, actor: Actor) -> Ticket:
    return _ticket("ref", ref, actor)


def ticket_by_id(pk: int, actor: Actor) -> Ticket:
    return _ticket("pk", pk, actor)


def ticket_by_number(number: int, actor: Actor) -> Ticket:
    """For a number that somebody typed: the answer names it, so that they can mend it."""
    try:
        return ticket_by_id(number, actor)
    except NotFoundError:
        raise UnknownNumberError(number) from None


def _ticket(column: str, value: int | str, actor: Actor) -> Ticket:
    if actor.id is None:
        ticket: Ticket | None = _visible(column, value, actor).first()
    else:
        ticket = _by[column].first(actor, value)
    if ticket is None:
        raise NotFoundError
    note(ticket=ticket.pk)
    return reference.dress(ticket)


def _visible(column: str, value: int | str, actor: Actor) -> TicketQuerySet:
    found = Ticket.objects.filter(**{column: value}).visible_to(actor)
    return found.select_related(*_PARTS).order_by()


_by: dict[str, CompiledFor[Ticket]] = {
    "ref": CompiledFor(lambda actor, ref: _visible("ref", ref, actor)),
    "pk": CompiledFor(lambda actor, pk: _visible("pk", pk, actor)),
}


def message_by_id(pk: int, actor: Actor) -> Message:
    """A message whose ticket the actor may see, and which the actor may read."""
    readable = Message.objects.readable_by(actor).select_related("ticket")
    return _one(readable.filter(pk=pk, ticket__in=Ticket.objects.visible_to(actor)))


def attachment_by_ref(ref: str, actor: Actor) -> Attachment:
    """A file that may be opened: not redacted, not held back, on a message that may be read.

    Raises FileWaitingError for one that the scanner hasn't looked at yet.

    It is found through the ticket that the message is shown on: the survivor of a merge shows
    the merged ticket's files too.
    """
    readable = Attachment.objects.readable_by(actor).openable().select_related("message__ticket")
    attachment = _one(readable.filter(ref=ref))
    ticket: Ticket | None = attachment.message.ticket
    while ticket is not None:
        if Ticket.objects.visible_to(actor).filter(pk=ticket.pk).exists():
            if attachment.scan != Attachment.Scan.CLEAN:
                raise FileWaitingError
            return attachment
        ticket = ticket.merged_into
    raise NotFoundError


def upload_by_arrival(key: str, actor: Actor) -> Upload | None:
    """The actor's own file that was confirmed before."""
    return Upload.objects.filter(owner=actor.id, arrival=key).first()


def _one(rows: QuerySet[Row]) -> Row:
    row = rows.first()
    if row is None:
        raise NotFoundError
    return row
