"""Who has a ticket open, and who is writing on it. Kept in the cache; gone after 25 seconds.

One key per ticket and person, so no beat can undo another one's; who might be there is the staff
list, which beats never write (ADR 29).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.core.cache import caches

State = Literal["viewing", "reply", "note"]

SECONDS = 25  # a page beats every 15
STATES: tuple[State, ...] = ("viewing", "reply", "note")


@dataclass(frozen=True, slots=True)
class Present:
    user_id: int
    state: State


def beat(*, ticket_id: int, user_id: int, state: State, now: datetime) -> None:
    """Say that somebody is there, and what they do."""
    caches["shared"].set(_key(ticket_id, user_id), (state, now.timestamp()), SECONDS)


def leave(*, ticket_id: int, user_id: int) -> None:
    caches["shared"].delete(_key(ticket_id, user_id))


def here(*, ticket_id: int, among: Iterable[int], now: datetime) -> list[Present]:
    """Who of these people is there, in their order. One round trip."""
    keys = {_key(ticket_id, user_id): user_id for user_id in among}
    if not keys:
        return []
    found = caches["shared"].get_many(list(keys))
    oldest = now.timestamp() - SECONDS
    return [
        Present(user_id, found[key][0])
        for key, user_id in keys.items()
        if key in found and found[key][1] > oldest
    ]


def _key(ticket_id: int, user_id: int) -> str:
    return f"presence:{ticket_id}:{user_id}"
