"""The demo's door: people and scripts, the same for the same seed. Pure.

    desk = load_desk()
    for person in people(desk, count=audience(300)): ...
    for script in scripts(desk, tickets=300, seed=1, end=now): ...

Whoever applies steps through the desk's actions takes them in the order of their times across
tickets, not ticket by ticket: a merge needs its survivor as it stood then.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from demo.checks import RuleBrokenError, Standing, standing, validate
from demo.customers import customer
from demo.desk import Desk, Person
from demo.reading import load_desk
from demo.script import TicketScript
from demo.shares import audience
from demo.writer import Writer

__all__ = [
    "RuleBrokenError",
    "Standing",
    "audience",
    "load_desk",
    "people",
    "scripts",
    "standing",
    "validate",
]


def people(desk: Desk, *, count: int) -> Iterator[Person]:
    """Everybody: those of desk.people, then `count` customers without a part of their own."""
    yield from desk.people.values()
    for number in range(count):
        yield customer(desk, number)


def scripts(
    desk: Desk,
    *,
    tickets: int,
    seed: int,
    end: datetime,
    start: int = 0,
    stop: int | None = None,
) -> Iterator[TicketScript]:
    """The tickets start..stop of `tickets`, in the order in which they are raised, one at a time.

    Each depends on the desk, `tickets`, `seed`, `end` and its index only: ranges may be made in
    parallel. `end` has a time zone.
    """
    writer = Writer(desk, tickets=tickets, seed=seed, end=end)
    for index in range(start, tickets if stop is None else min(stop, tickets)):
        yield writer.write(index)
