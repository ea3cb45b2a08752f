"""A recorded fact as subscribers see it, and what caused it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """`data` holds the fact's plain values; times are aware, in UTC."""

    id: int
    name: str
    version: int
    subject: str
    occurred_at: datetime
    recorded_at: datetime
    actor_kind: str
    actor_id: int | None
    causation_id: int | None
    correlation_id: uuid.UUID
    depth: int
    data: Mapping[str, Any]
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What led to the facts recorded now.

    `event_id` is the fact being handled, if any; `correlation_id` joins everything that one
    request or one chore set off; `depth` counts facts caused by facts, which ends loops.
    """

    event_id: int | None = None
    correlation_id: uuid.UUID = field(default_factory=uuid.uuid4)
    depth: int = 0


_cause: ContextVar[Cause | None] = ContextVar("cause", default=None)


def current_cause() -> Cause:
    return _cause.get() or Cause()


def known_cause() -> Cause | None:
    """None outside of any request, delivery or job."""
    return _cause.get()


def as_headers(cause: Cause) -> dict[str, Any]:
    """What a job carries of its cause: plain values."""
    return {
        "cause_event": cause.event_id,
        "cause_correlation": str(cause.correlation_id),
        "cause_depth": cause.depth,
    }


def from_headers(headers: Mapping[str, Any]) -> Cause:
    """The cause that a job carries; a new one if it carries none."""
    correlation = headers.get("cause_correlation")
    if correlation is None:
        return Cause()
    return Cause(
        event_id=headers.get("cause_event"),
        correlation_id=uuid.UUID(correlation),
        depth=headers.get("cause_depth", 0),
    )


@contextmanager
def caused_by(cause: Cause) -> Iterator[Cause]:
    """Facts recorded inside carry this cause."""
    token = _cause.set(cause)
    try:
        yield cause
    finally:
        _cause.reset(token)
