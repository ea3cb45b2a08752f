from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from apps.events.facts import Fact


def subject_of(recipient_id: int) -> str:
    return f"recipient:{recipient_id}"


def id_in(subject: str) -> int:
    return int(subject.partition(":")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientSuppressed(Fact):
    """No more mail to the subject. `state` says why: suppressed or complained."""

    name: ClassVar[str] = "recipient.suppressed"
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientCleared(Fact):
    """Mail goes to the subject again. `why` is staff, verified or reported."""

    name: ClassVar[str] = "recipient.cleared"
    why: str
