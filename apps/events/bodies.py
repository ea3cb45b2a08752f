"""What of a fact leaves the desk: bodies of messages and lines, whose shapes others rely on.

contracts/bodies.json is their snapshot: a field may be added, anything else is a new version.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from apps.events.envelope import Envelope
from apps.events.facts import spell

_contracts: dict[str, dict[str, Any]] = {}


class _Told(TypedDict):
    """What is said of a fact, wherever it goes."""

    id: int  # grows with time; the same fact may come twice, with the same id
    name: str
    schema: int  # the version of `data`: contracts/facts.json
    subject: str
    occurred_at: str  # ISO 8601
    recorded_at: str
    actor_kind: str
    actor_id: int | None
    causation_id: int | None
    correlation_id: str
    depth: int


class FactBody(_Told):
    """A fact for whoever listens to the topic. `data` is null where it would be too large."""

    kind: str  # "fact"
    version: int  # of this body
    data: Mapping[str, Any] | None


class LineBody(_Told):
    """A fact for whoever reads the stream, or the archive that is made of it.

    It says no version of its own: what is archived is read for years, so fields only come.
    """

    data: Mapping[str, Any]


class Seen(TypedDict):
    delivery: int
    seen: int


class ClaimsBody(TypedDict):
    """Deliveries of one fact for the desk's own worker, who reads the fact from the journal."""

    kind: str  # "claims"
    version: int
    event: int
    claims: list[Seen]


FACT_VERSION = CLAIMS_VERSION = LINE_VERSION = 1


def contract(name: str, *, version: int, fields: Mapping[str, str]) -> None:
    """Hold a shape that leaves the desk to its snapshot. Types are in words, as facts have them."""
    _contracts[name] = {"version": version, "fields": dict(fields)}


def contracts() -> dict[str, dict[str, Any]]:
    return dict(sorted(_contracts.items()))


def fields_of(body: type) -> dict[str, str]:
    return {name: spell(hint) for name, hint in typing.get_type_hints(body).items()}


def of_fact(event: Envelope, *, whole: bool = True) -> FactBody:
    data = event.data if whole else None
    return FactBody(**_told(event), kind="fact", version=FACT_VERSION, data=data)


def of_line(event: Envelope) -> LineBody:
    return LineBody(**_told(event), data=event.data)


def _told(event: Envelope) -> _Told:
    return _Told(
        id=event.id,
        name=event.name,
        schema=event.version,
        subject=event.subject,
        occurred_at=event.occurred_at.isoformat(),
        recorded_at=event.recorded_at.isoformat(),
        actor_kind=event.actor_kind,
        actor_id=event.actor_id,
        causation_id=event.causation_id,
        correlation_id=str(event.correlation_id),
        depth=event.depth,
    )


def of_claims(event_id: int, claims: Iterable[tuple[int, int]]) -> ClaimsBody:
    """Claims are pairs of a delivery's id and how many claims it had when it left."""
    return ClaimsBody(
        kind="claims",
        version=CLAIMS_VERSION,
        event=event_id,
        claims=[Seen(delivery=delivery, seen=seen) for delivery, seen in claims],
    )


contract("topic: fact", version=FACT_VERSION, fields=fields_of(FactBody))
contract("topic: claims", version=CLAIMS_VERSION, fields=fields_of(ClaimsBody))
contract("stream: line", version=LINE_VERSION, fields=fields_of(LineBody))
