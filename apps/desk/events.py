"""What happens on the agents' side of a ticket. Ids and plain values, never rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from apps.events.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageMentioned(Fact):
    """A work note on the subject names colleagues."""

    name: ClassVar[str] = "message.mentioned"
    message_id: int
    user_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyHeld(Fact):
    """A reply that was sent came back to its writer before it left; `why` is a Draft.Notice."""

    name: ClassVar[str] = "reply.held"
    author_id: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySaved(Fact):
    """A saved reply was made, changed, archived or brought back."""

    name: ClassVar[str] = "reply.saved"
    title: str
    scope: str
    team_id: int | None
    archived: bool
