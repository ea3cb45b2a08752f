from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from apps.events.facts import Fact


class Kind(NamedTuple):
    visibility: str
    direction: str
    channel: str


@dataclass(slots=True)
class Happened:
    """A fact that waits for its place in the journal, and for the ids of the rows it names."""

    fact: Callable[[], Fact]
    actor: str
    at: datetime
    correlation: uuid.UUID
