"""What merging, splitting and linking would do, before it is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from apps.kernel.actors import Actor
from apps.kernel.errors import DomainError
from apps.search import find
from apps.tickets import access
from apps.tickets.actions.merging import check_merge
from apps.tickets.models import Message, Participant, Ticket

SHOWN = 8  # tickets to choose from


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A ticket that may be meant."""

    number: int
    subject: str
    label: str
    category: str
    requester: str


def choices(ticket: Ticket, actor: Actor, text: str) -> list[Choice]:
    """The requester's other tickets, or what a search finds; never the ticket itself."""
    if text.lstrip("#").isdigit():
        found = Ticket.objects.visible_to(actor).filter(pk=int(text.lstrip("#")[:18]))
        return _choices(found.listed(), ticket)
    if text:
        hits = find.tickets(text, actor=actor, limit=SHOWN + 1).hits
        chosen = Ticket.objects.visible_to(actor).filter(pk__in=[hit.ticket_id for hit in hits])
        by_pk = {row.pk: row for row in chosen.listed()}
        return _choices([by_pk[hit.ticket_id] for hit in hits if hit.ticket_id in by_pk], ticket)
    theirs = Ticket.objects.visible_to(actor).raised_by(ticket.requester_id).active().listed()
    return _choices(theirs[: SHOWN + 1], ticket)


def _choices(rows: Iterable[Ticket], ticket: Ticket) -> list[Choice]:
    return [
        Choice(
            number=row.pk,
            subject=row.subject,
            label=str(row.status),
            category=row.status_category,
            requester=str(row.requester),
        )
        for row in rows
        if row.pk != ticket.pk
    ][:SHOWN]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of two tickets, as the preview shows it."""

    ticket: Ticket
    public: int  # messages, counted up to MOST_COUNTED
    notes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePreview:
    """`refused` says why it can't be done; empty if it can."""

    goes: Side
    stays: Side
    watchers: list[str] = field(default_factory=list)
    refused: str = ""

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.goes, self.stays


MOST_COUNTED = 500


def merge_preview(ticket: Ticket, number: int, actor: Actor) -> MergePreview:
    """Raises UnknownNumberError."""
    survivor = access.ticket_by_number(number, actor)
    refused = _("A ticket can't be merged into itself.") if survivor.pk == ticket.pk else ""
    if not refused:
        try:
            check_merge(ticket, survivor)
        except DomainError as error:
            refused = str(error)
    return MergePreview(
        goes=side(ticket), stays=side(survivor), watchers=_watchers(ticket, survivor),
        refused=refused,
    )  # fmt: skip


def side(ticket: Ticket) -> Side:
    kinds = list(
        Message.objects.filter(ticket=ticket).values_list("visibility", flat=True)[:MOST_COUNTED]
    )
    public = kinds.count(Message.Visibility.PUBLIC)
    return Side(ticket=ticket, public=public, notes=len(kinds) - public)


def _watchers(ticket: Ticket, survivor: Ticket) -> list[str]:
    """Who will follow the survivor."""
    both = Participant.objects.filter(ticket__in=[ticket, survivor]).select_related("user")
    names = [str(row.user) if row.user else row.address for row in both]
    if ticket.requester_id != survivor.requester_id:
        names.append(str(ticket.requester))
    return sorted(set(names) - {str(survivor.requester)})
