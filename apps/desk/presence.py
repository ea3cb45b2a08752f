"""Who has a ticket open, and who is writing on it. Kept in the cache; gone after 25 seconds.

One key per ticket and person, so no beat can undo another one's; who might be there is the staff
list, which beats never write (ADR 29).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from apps.kernel.caching import PRESENCE

State = Literal["viewing", "reply", "note"]

SECONDS = PRESENCE.seconds  # a page beats every 15
STATES: tuple[State, ...] = ("viewing", "reply", "note")


@dataclass(frozen=True, slots=True)
class Present:
    user_id: int
    state: State


def beat(*, ticket_id: int, user_id: int, state: State, now: datetime) -> None:
    """Say that somebody is there, and what they do."""
    PRESENCE.put(_part(ticket_id, user_id), (state, now.timestamp()))


def leave(*, ticket_id: int, user_id: int) -> None:
    PRESENCE.drop(_part(ticket_id, user_id))


def here(*, ticket_id: int, among: Iterable[int], now: datetime) -> list[Present]:
    """Who of these people is there, in their order. One round trip."""
    parts = {_part(ticket_id, user_id): user_id for user_id in among}
    if not parts:
        return []
    found = PRESENCE.get_many(parts)
    oldest = now.timestamp() - SECONDS
    return [
        Present(user_id, found[part][0])
        for part, user_id in parts.items()
        if part in found and found[part][1] > oldest
    ]


def _part(ticket_id: int, user_id: int) -> str:
    return f"{ticket_id}:{user_id}"
