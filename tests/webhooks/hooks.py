"""Short words for the tests of webhooks."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from apps.events import relay
from apps.webhooks import actions, tasks
from apps.webhooks.models import Endpoint, WebhookDelivery
from tests.cast import Cast
from tests.support import NOON
from tests.webhooks.receiver import Receiver

FACTS = ("ticket.raised", "message.added", "ticket.closed")


def endpoint(cast: Cast, url: str, **said: Any) -> Endpoint:
    wanted = {
        "name": "CRM", "url": url, "facts": FACTS, "internal": False, "organisation": None, **said,
    }  # fmt: skip
    return actions.save_endpoint(endpoint=None, actor=cast.actor(cast.ada), now=NOON, **wanted)


def hear() -> None:
    """What the relay does."""
    far = datetime.max.replace(tzinfo=NOON.tzinfo) - relay.LEASE
    while claims := relay.claim_due(now=far):
        for claim in claims:
            assert relay.deliver(claim)


def send() -> None:
    """What the worker does; as if nobody rested."""
    WebhookDelivery.objects.waiting().update(due_at=NOON)
    Endpoint.objects.update(held_until=None)
    tasks.send_due()


def bodies(server: Receiver) -> list[dict[str, Any]]:
    return [json.loads(got.body) for got in server.got]
