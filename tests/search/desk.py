"""Short words for the tests of search."""

from __future__ import annotations

from django.utils import timezone

from apps.accounts.models import User
from apps.events import relay
from apps.search import find
from apps.search.results import TicketPage
from tests.cast import Cast


def hear() -> None:
    """Deliver all that is recorded."""
    while claims := relay.claim_due(now=timezone.now()):
        for claim in claims:
            assert relay.deliver(claim)


def page(cast: Cast, who: User, text: str) -> TicketPage:
    return find.tickets(text, actor=cast.actor(who), limit=100)


def found(cast: Cast, who: User, text: str) -> list[int]:
    """The numbers of the tickets that somebody finds, best first."""
    return [hit.number for hit in page(cast, who, text).hits]
