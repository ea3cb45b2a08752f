from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from apps.events.relay import Claim
from apps.kernel.ports import Port


class Bus(Protocol):
    """Carries claimed deliveries to the process that runs their subscribers."""

    def carry(self, claims: Sequence[Claim]) -> None:
        """Each claim reaches `relay.deliver`, at least once or, if lost, when its lease is over."""


bus = Port[Bus]("BUS_URL", {"database": "apps.events.bus.embedded.EmbeddedBus"})
