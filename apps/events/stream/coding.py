"""A fact as the stream carries it: one line of JSON (apps.events.bodies.LineBody)."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator
from datetime import datetime

from apps.events.bodies import of_line
from apps.events.envelope import Envelope
from apps.events.stream import Record

logger = logging.getLogger(__name__)


def encode(event: Envelope) -> bytes:
    """Without the line's end."""
    return json.dumps(of_line(event), separators=(",", ":"), ensure_ascii=False).encode()


def decode(line: bytes) -> Envelope:
    """Raises ValueError for what is no fact."""
    try:
        body = json.loads(line)
        return Envelope(
            id=body["id"],
            name=body["name"],
            version=body["schema"],
            subject=body["subject"],
            occurred_at=datetime.fromisoformat(body["occurred_at"]),
            recorded_at=datetime.fromisoformat(body["recorded_at"]),
            actor_kind=body["actor_kind"],
            actor_id=body["actor_id"],
            causation_id=body["causation_id"],
            correlation_id=uuid.UUID(body["correlation_id"]),
            depth=body["depth"],
            data=body["data"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no fact: {error!r}") from error


def facts_in(record: Record) -> Iterator[Envelope]:
    """A record's facts. What is none is left out: one bad line must not stop all that follow."""
    for line in record.data.splitlines():
        try:
            yield decode(line)
        except ValueError:
            logger.warning("left out a line of %s that is no fact", record.subject)
