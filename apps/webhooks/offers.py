"""What a webhook tells of which facts: nothing that customers couldn't see on the portal. Pure.

A field that isn't named here doesn't leave, also one that a later release adds. Endpoints of the
desk's own systems get every fact, whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from apps.events.bodies import contract, fields_of
from apps.events.envelope import Envelope
from apps.events.facts import Fact, schema
from apps.knowledge import events as articles
from apps.tickets import events as tickets

VERSION = 1
PING = "ping"


class WebhookBody(TypedDict):
    """The body of a webhook, as JSON."""

    kind: str  # "fact", or "ping" where somebody tries the endpoint
    version: int  # of this body
    id: int | None  # of the fact: grows with time, and may come twice
    name: str
    schema: int  # the version of `data`
    subject: str
    occurred_at: str  # ISO 8601
    actor_kind: str
    actor_id: int | None  # for the desk's own systems only
    data: Mapping[str, Any]


def _always(_data: Mapping[str, Any]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Offer:
    """The fields that leave, and whether a fact with these values does."""

    fields: tuple[str, ...]
    when: Callable[[Mapping[str, Any]], bool] = _always


_OFFERS: dict[type[Fact], Offer] = {
    tickets.TicketRaised: Offer(
        ("message_id", "requester_id", "organisation_id", "category_id", "priority", "channel",
         "follows")
    ),
    tickets.TicketStatusChanged: Offer(("category_from", "category_to")),
    tickets.TicketReopened: Offer(("by_reply",)),
    tickets.TicketClosed: Offer(("automatic",)),
    tickets.TicketMerged: Offer(("survivor_id",)),
    tickets.TicketUnmerged: Offer(("survivor_id",)),
    tickets.TicketCategorised: Offer(("category_from", "category_to")),
    tickets.TicketPrioritised: Offer(("priority_from", "priority_to")),
    tickets.MessageAdded: Offer(
        ("message_id", "direction", "channel", "is_automatic"),
        when=lambda data: data.get("visibility") == "public",
    ),
    tickets.RatingRequested: Offer(("rating_id",)),
    tickets.RatingGiven: Offer(("rating_id", "score", "has_comment", "is_change")),
    articles.ArticlePublished: Offer(
        ("revision_id", "audience", "language", "is_first"),
        when=lambda data: data.get("audience") == "public",
    ),
}  # fmt: skip
OFFERED: dict[str, Offer] = {fact.name: offer for fact, offer in _OFFERS.items()}


def is_told(event: Envelope, *, internal: bool) -> bool:
    if internal:
        return True
    offer = OFFERED.get(event.name)
    return offer is not None and offer.when(event.data)


def body(event: Envelope, *, internal: bool) -> WebhookBody:
    """Raises LookupError for a fact that isn't told to such an endpoint."""
    if not is_told(event, internal=internal):
        raise LookupError(f"{event.name} is not for this endpoint")
    kept = event.data if internal else _kept(event)
    return WebhookBody(
        kind="fact",
        version=VERSION,
        id=event.id,
        name=event.name,
        schema=event.version,
        subject=event.subject,
        occurred_at=event.occurred_at.isoformat(),
        actor_kind=event.actor_kind,
        actor_id=event.actor_id if internal else None,
        data=kept,
    )


def ping(*, subject: str, at: str) -> WebhookBody:
    return WebhookBody(
        kind=PING,
        version=VERSION,
        id=None,
        name=PING,
        schema=1,
        subject=subject,
        occurred_at=at,
        actor_kind="system",
        actor_id=None,
        data={},
    )


def _kept(event: Envelope) -> Mapping[str, Any]:
    return {name: event.data[name] for name in OFFERED[event.name].fields if name in event.data}


contract("webhook", version=VERSION, fields=fields_of(WebhookBody))
for _fact, _offer in _OFFERS.items():
    _types = schema(_fact)["fields"]
    contract(
        f"webhook: {_fact.name}",
        version=_fact.version,
        fields={name: _types[name] for name in _offer.fields},
    )
