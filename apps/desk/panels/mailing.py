from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.desk.panels.base import Panel
from apps.kernel.actors import Actor
from apps.notifications import actions, addresses
from apps.tickets.models import Ticket


class MailAgainPanel(Panel):
    """The requester's mail came back, and somebody found out that it would arrive now."""

    name, title, button = "mail-again", _("Mail to this address again"), _("Mail again")
    done = _("The next answer goes to this address again.")

    @classmethod
    def allowed(cls, ticket: Ticket, actor: Actor) -> bool:
        known = addresses.trouble_of(ticket.requester.email)
        return super().allowed(ticket, actor) and known is not None

    def apply(self, *, now: datetime) -> Ticket:
        actions.clear_address(address=self.ticket.requester.email, actor=self.actor, now=now)
        return self.ticket
