from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.events.facts import Fact


def subject_of(user_id: int) -> str:
    return f"person:{user_id}"


def id_in(subject: str) -> int:
    return int(subject.partition(":")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessGranted(Fact):
    """What the subject may do changed: a role, a team, an organisation, a token."""

    name: ClassVar[str] = "access.granted"
    words: ClassVar[Promise] = _(
        "Somebody may do more: a role, team, organisation or token was given."
    )
    what: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDenied(Fact):
    """It was taken away again."""

    name: ClassVar[str] = "access.denied"
    words: ClassVar[Promise] = _(
        "Somebody may do less: a role, team, organisation or token was taken away."
    )
    what: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanged(Fact):
    """`changed` names the fields of the profile."""

    name: ClassVar[str] = "person.changed"
    words: ClassVar[Promise] = _("Somebody's profile changed.")
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAvailabilityChanged(Fact):
    """The subject takes new tickets from now on, or no longer. `until` is ISO 8601, or empty."""

    name: ClassVar[str] = "agent.availability_changed"
    words: ClassVar[Promise] = _("An agent takes new tickets from now on, or no longer.")
    availability_from: str
    availability_to: str
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamChanged(Fact):
    """How the subject's new tickets find an agent changed."""

    name: ClassVar[str] = "team.changed"
    words: ClassVar[Promise] = _("How a team's new tickets find an agent changed.")
    policy: str
    capacity: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyExported(Fact):
    """What the desk knows of the subject was handed out."""

    name: ClassVar[str] = "privacy.exported"
    words: ClassVar[Promise] = _("What the desk knows of somebody was handed out.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyAnonymised(Fact):
    """The desk no longer knows who the subject is."""

    name: ClassVar[str] = "privacy.anonymised"
    words: ClassVar[Promise] = _("The desk no longer knows who somebody is.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationChanged(Fact):
    """The organisation was made or changed: who shares and which domains join it."""

    name: ClassVar[str] = "organisation.changed"
    words: ClassVar[Promise] = _("An organisation was made or changed.")
    shares_tickets: bool
    domains: tuple[str, ...]
