from __future__ import annotations

from datetime import datetime
from typing import Protocol

from apps.kernel.ports import Port


class Bus(Protocol):
    """Brings recorded facts to their subscribers, and to whoever else listens."""

    # Hearers of every fact besides subscribers: each gets a delivery that the bus itself settles.
    outside: tuple[str, ...]

    def carry_due(self, *, now: datetime) -> int:
        """Take up to a batch of due deliveries to where they are handled. Returns how many.

        Each reaches its subscriber at least once; what is lost on the way falls due again.
        """


bus = Port[Bus](
    "BUS_URL",
    {
        "database": "apps.events.bus.embedded.EmbeddedBus",
        "sns": "apps.events.bus.sns.SnsBus",
    },
)
