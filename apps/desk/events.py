"""What happens to the desk's own things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.events.facts import Fact


def subject_of(view_id: int) -> str:
    return f"view:{view_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSaved(Fact):
    """A view of the queue was made or changed; `sharing` says who sees it."""

    name: ClassVar[str] = "view.saved"
    words: ClassVar[Promise] = _("A view of the queue was made or changed.")
    sharing: str
    team_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewRemoved(Fact):
    name: ClassVar[str] = "view.removed"
    words: ClassVar[Promise] = _("A view of the queue was removed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageMentioned(Fact):
    """A work note on the subject names colleagues."""

    name: ClassVar[str] = "message.mentioned"
    words: ClassVar[Promise] = _("A work note names colleagues.")
    message_id: int
    user_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyHeld(Fact):
    """A reply that was sent came back to its writer before it left; `why` is a Draft.Notice."""

    name: ClassVar[str] = "reply.held"
    words: ClassVar[Promise] = _("A reply came back to its writer before it was sent.")
    author_id: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySaved(Fact):
    """A saved reply was made, changed, archived or brought back."""

    name: ClassVar[str] = "reply.saved"
    words: ClassVar[Promise] = _("A saved reply was made, changed, archived or brought back.")
    title: str
    scope: str
    team_id: int | None
    archived: bool
