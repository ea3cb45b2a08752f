"""What hardly ever changes, kept in the process for some seconds instead of asked for each time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.conf import settings

Value = TypeVar("Value")

_EVERYTHING: list[Kept[Any]] = []


class Kept(Generic[Value]):
    """The value of `load`, at most `settings.KEPT_SECONDS` old in this process.

    For reference data only, never for what somebody may see or do: another process goes on with
    the old value until its time is over. Callers share the value and leave it as it is.
    """

    def __init__(self, load: Callable[[], Value]) -> None:
        self._load = load
        self._held: tuple[float, Value] | None = None
        _EVERYTHING.append(self)

    def __call__(self) -> Value:
        held = self._held  # one read: threads replace it whole
        if held is not None and time.monotonic() < held[0]:
            return held[1]
        value = self._load()
        self._held = time.monotonic() + settings.KEPT_SECONDS, value
        return value

    def forget(self) -> None:
        self._held = None


def forget_everything() -> None:
    """This process asks anew: for tests, whose database changes under it."""
    for kept in _EVERYTHING:
        kept.forget()
