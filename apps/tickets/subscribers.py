from __future__ import annotations

from django.utils import timezone

from apps.accounts.events import AgentAvailabilityChanged
from apps.accounts.models import AgentState
from apps.events.envelope import Envelope
from apps.events.jobs import nudge
from apps.events.registry import subscriber
from apps.kernel.actors import SYSTEM
from apps.kernel.storage import store
from apps.tickets import actions, events
from apps.tickets.events import AttachmentRedacted
from apps.tickets.models import Ticket, Waiting


@subscriber(AttachmentRedacted)
def delete_the_bytes(event: Envelope) -> None:
    """Deleting what is gone already is no error, so it may run again."""
    store().erase(AttachmentRedacted.read(event).key)


@subscriber(events.TicketRaised, events.TicketAssigned, events.TicketReopened)
def give_out(event: Envelope) -> None:
    """A ticket that comes to a team finds its agent, and one that comes back a present one.

    A person who takes an agent off a ticket without moving it means it to lie open: that stays.
    """
    ticket = Ticket.objects.filter(pk=events.id_in(event.subject)).first()
    if ticket is None:
        return
    comes_back = event.name == events.TicketReopened.name
    if comes_back and ticket.assignee_id is not None:
        actions.relieve(ticket=ticket, actor=SYSTEM, now=timezone.now())
    elif event.name != events.TicketAssigned.name or _came_to_a_team(event):
        actions.auto_assign(ticket=ticket, actor=SYSTEM, now=timezone.now())


def _came_to_a_team(event: Envelope) -> bool:
    fact = events.TicketAssigned.read(event)
    return fact.assignee_to is None and fact.team_to not in {None, fact.team_from}


@subscriber(AgentAvailabilityChanged)
def give_out_what_waits(event: Envelope) -> None:
    """Somebody is back: not here, since many may wait. A lost nudge costs a minute."""
    is_back = event.data["availability_to"] == AgentState.Availability.AVAILABLE
    if not is_back or not Waiting.objects.exists():
        return
    nudge("apps.tickets.tasks.assign_waiting")
