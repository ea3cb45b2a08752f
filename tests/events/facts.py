"""Facts of the tests' own, kept out of the desk's registry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from apps.events import facts
from apps.events.facts import Fact
from apps.events.registry import Handler, only, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung(Fact):
    name: ClassVar[str] = "bell.rung"
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted(Fact):
    name: ClassVar[str] = "bell.muted"
    by: int | None
    why: tuple[str, ...] = ()


for _name in [name for name in facts._registry if name.startswith("bell.")]:
    del facts._registry[_name]


@contextmanager
def heard_by(*handlers: Handler) -> Iterator[None]:
    """Inside, these are the only subscribers there are, and all listen to Rung."""
    with only():
        for handler in handlers:
            subscriber(Rung)(handler)
        yield


def key_of(handler: Handler) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"
