"""Short words for tests of what agents write."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.models import User
from apps.desk import actions
from apps.desk.actions import Composed, Sent
from apps.desk.models import Draft
from apps.events import relay
from apps.tickets.models import Message, Ticket
from tests.cast import Cast
from tests.tickets.desk import LATER

DUE = LATER + timedelta(seconds=10)


def composed(text: str, **said: Any) -> Composed:
    """What a composer holds whose page shows everything that there is."""
    newest = Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    wanted = {"submission": uuid.uuid4(), "seen": newest, **said}
    return Composed(text=text, **wanted)


def sent(ticket: Ticket, by: User, text: str = "An answer.", **said: Any) -> Sent:
    return actions.send_reply(
        ticket=ticket, written=composed(text, **said), actor=Cast.actor(by), now=LATER
    )


def noted(ticket: Ticket, by: User, text: str, **said: Any) -> Message:
    return actions.add_note(
        ticket=ticket, written=composed(text, **said), actor=Cast.actor(by), now=LATER
    )


def kept(
    ticket: Ticket, by: User, text: str, version: int = 0, *, kind: str = "reply",
    now: datetime = LATER,
) -> int:  # fmt: skip
    return actions.keep_draft(
        ticket=ticket, kind=kind, text=text, version=version, actor=Cast.actor(by), now=now
    )


def on_its_way() -> Draft:
    return Draft.objects.on_their_way().get()


def delivered() -> None:
    """Hand every recorded fact to those who listen."""
    while claims := relay.claim_due(now=timezone.now()):
        for claim in claims:
            assert relay.deliver(claim)
