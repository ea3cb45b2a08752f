"""Facts as figures of the process that recorded them, and of its build."""

from __future__ import annotations

from apps.events.envelope import Envelope
from apps.events.witnesses import witness
from apps.kernel.counting import count, is_counting
from apps.portal.events import ArticleDeflected
from apps.tickets.events import (
    MessageAdded,
    RatingGiven,
    TicketRaised,
    TicketReopened,
    TicketStatusChanged,
    id_in,
)
from apps.tickets.models import Ticket


@witness(TicketRaised)
def raised(_: Envelope) -> None:
    count("TicketsRaised")


@witness(TicketStatusChanged)
def solved(event: Envelope) -> None:
    if event.data["category_to"] == "resolved" != event.data["category_from"]:
        count("TicketsSolved")


@witness(TicketReopened)
def reopened(_: Envelope) -> None:
    count("TicketsReopened")


@witness(MessageAdded)
def answered(event: Envelope) -> None:
    if not (event.data["is_first_reply"] and is_counting()):
        return
    rows = Ticket.objects.filter(pk=id_in(event.subject)).values_list("raised_at", flat=True)
    since = rows.first()
    if since is not None:
        count("FirstResponseTime", (event.occurred_at - since).total_seconds())


@witness(RatingGiven)
def rated(event: Envelope) -> None:
    if not event.data["is_change"]:
        count("RatingScore", event.data["score"])


@witness(ArticleDeflected)
def deflected(_: Envelope) -> None:
    count("Deflections")
