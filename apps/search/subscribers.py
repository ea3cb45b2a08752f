from __future__ import annotations

from apps.accounts.events import PersonChanged, PrivacyAnonymised
from apps.events.envelope import Envelope
from apps.events.registry import subscriber
from apps.knowledge.events import ArticlePublished, ArticleRetired, ArticleUpdated
from apps.search import upkeep
from apps.tickets import events


@subscriber(
    events.TicketRaised,
    events.TicketUpdated,
    events.TicketStatusChanged,
    events.TicketAssigned,
    events.TicketCategorised,
    events.TicketPrioritised,
    events.TicketSplit,
    events.MessageAdded,
    events.MessageRedacted,
    events.AttachmentUploaded,
    events.AttachmentRedacted,
)
def index_ticket(event: Envelope) -> None:
    """From its rows as they are now. Facts that the index knows already cost one look at it."""
    upkeep.refresh_tickets([events.id_in(event.subject)], fact=event.id)


@subscriber(events.TicketMerged, events.TicketUnmerged)
def index_both(event: Envelope) -> None:
    """A merged ticket is found as its survivor, and by itself again once it is unmerged."""
    upkeep.refresh_tickets([events.id_in(event.subject), int(event.data["survivor_id"])])


@subscriber(ArticlePublished, ArticleUpdated, ArticleRetired)
def index_article(event: Envelope) -> None:
    upkeep.refresh_articles([events.id_in(event.subject)], fact=event.id)


@subscriber(PersonChanged, PrivacyAnonymised)
def index_tickets_of(event: Envelope) -> None:
    upkeep.refresh_tickets_of(events.id_in(event.subject))
