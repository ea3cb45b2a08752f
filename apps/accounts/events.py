from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from apps.events.facts import Fact


def subject_of(user_id: int) -> str:
    return f"person:{user_id}"


def id_in(subject: str) -> int:
    return int(subject.partition(":")[2])


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanged(Fact):
    """`changed` names the fields of the profile."""

    name: ClassVar[str] = "person.changed"
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAvailabilityChanged(Fact):
    """The subject takes new tickets from now on, or no longer. `until` is ISO 8601, or empty."""

    name: ClassVar[str] = "agent.availability_changed"
    availability_from: str
    availability_to: str
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamChanged(Fact):
    """How the subject's new tickets find an agent changed."""

    name: ClassVar[str] = "team.changed"
    policy: str
    capacity: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyExported(Fact):
    """What the desk knows of the subject was handed out."""

    name: ClassVar[str] = "privacy.exported"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyAnonymised(Fact):
    """The desk no longer knows who the subject is."""

    name: ClassVar[str] = "privacy.anonymised"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationChanged(Fact):
    """The organisation was made or changed: who shares and which domains join it."""

    name: ClassVar[str] = "organisation.changed"
    shares_tickets: bool
    domains: tuple[str, ...]
