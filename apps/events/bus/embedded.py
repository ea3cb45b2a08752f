from __future__ import annotations

from datetime import datetime

from apps.events import relay
from apps.kernel.ports import Location


class EmbeddedBus:
    """Runs the subscribers in the relay's own process: the database is the only queue."""

    outside: tuple[str, ...] = ()

    def __init__(self, location: Location) -> None:
        self.location = location

    def carry_due(self, *, now: datetime) -> int:
        claims = relay.claim_due(now=now)
        for claim in claims:
            relay.deliver(claim)
        return len(claims)
