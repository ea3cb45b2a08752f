from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from apps.events.facts import Fact


def subject_of(user_id: int) -> str:
    return f"person:{user_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessGranted(Fact):
    """What the subject may do changed: a role, a team, an organisation, a token."""

    name: ClassVar[str] = "access.granted"
    what: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDenied(Fact):
    """It was taken away again."""

    name: ClassVar[str] = "access.denied"
    what: str
    value: str
