from __future__ import annotations

from collections.abc import Sequence

from apps.events import relay
from apps.events.relay import Claim
from apps.kernel.ports import Location


class EmbeddedBus:
    """Runs the subscribers in the relay's own process: the database is the only queue."""

    def __init__(self, location: Location) -> None:
        self.location = location

    def carry(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            relay.deliver(claim)
