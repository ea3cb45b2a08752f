from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from apps.events.facts import Fact


def subject_of(mail_id: int) -> str:
    return f"mail:{mail_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReceived(Fact):
    """A mail came in and is kept: the subject."""

    name: ClassVar[str] = "mail.received"
    size: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReplayed(Fact):
    """Somebody had the subject read once more."""

    name: ClassVar[str] = "mail.replayed"
