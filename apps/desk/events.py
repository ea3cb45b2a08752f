"""What happens to the desk's own things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from apps.events.facts import Fact


def subject_of(view_id: int) -> str:
    return f"view:{view_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSaved(Fact):
    """A view of the queue was made or changed; `sharing` says who sees it."""

    name: ClassVar[str] = "view.saved"
    sharing: str
    team_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewRemoved(Fact):
    name: ClassVar[str] = "view.removed"
