"""What happens to one ticket of the demo, as plain data: who does what, when and in which words.

Texts are Markdown. Keys of people are Person.key; of categories, teams and organisations their
keys in desk.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from demo.desk import Level

SYSTEM = "system"  # the actor of what the desk does by itself: closing and waking

Channel = Literal["portal", "agent"]
# Slugs of statuses; a ticket is also "new" when it is raised and "merged" by a Merge.
Target = Literal[
    "open", "pending", "on-hold", "scheduled", "resolved", "closed", "cancelled", "spam"
]
LinkKind = Literal["relates", "duplicates", "blocks", "caused_by"]


@dataclass(frozen=True, slots=True)
class Take:
    """The actor becomes the assignee; a new ticket opens."""

    after: timedelta  # since the ticket was raised
    actor: str


@dataclass(frozen=True, slots=True)
class Assign:
    """Give it to somebody; `team` says to which of their teams, None leaves it where it is."""

    after: timedelta
    actor: str
    to: str
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A public message: by the requester, who thereby reopens what waits, or by an agent."""

    after: timedelta
    actor: str
    text: str
    attachments: tuple[str, ...] = ()  # names of files in demo/pictures


@dataclass(frozen=True, slots=True)
class Note:
    """A work note."""

    after: timedelta
    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class ChangeStatus:
    """`until` is given for "scheduled" only."""

    after: timedelta
    actor: str
    to: Target
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Prioritise:
    after: timedelta
    actor: str
    impact: Level
    urgency: Level


@dataclass(frozen=True, slots=True)
class OverridePriority:
    """`priority` is 1 to 5, 1 the most urgent."""

    after: timedelta
    actor: str
    priority: int
    reason: str


@dataclass(frozen=True, slots=True)
class Categorise:
    """A ticket without an assignee also moves to the category's team."""

    after: timedelta
    actor: str
    category: str


@dataclass(frozen=True, slots=True)
class Tag:
    after: timedelta
    actor: str
    add: str


@dataclass(frozen=True, slots=True)
class Watch:
    after: timedelta
    actor: str
    user: str


@dataclass(frozen=True, slots=True)
class Merge:
    """Into the earlier ticket with this index: of the same requester and team, still alive then."""

    after: timedelta
    actor: str
    into: int


@dataclass(frozen=True, slots=True)
class Link:
    """To the earlier ticket with this index, of the same requester."""

    after: timedelta
    actor: str
    kind: LinkKind
    to: int


Step = (
    Take
    | Assign
    | Reply
    | Note
    | ChangeStatus
    | Prioritise
    | OverridePriority
    | Categorise
    | Tag
    | Watch
    | Merge
    | Link
)


@dataclass(frozen=True, slots=True)
class TicketScript:
    """One ticket from its first message to where it stands at the end of the demo.

    `raised_at` never falls from one index to the next. Steps stand in time order, and none is
    later than the demo's end. Impact, urgency and team start as the category has them.
    """

    index: int
    requester: str
    raised_by: str  # the requester, or the agent who took the call
    raised_at: datetime  # UTC
    subject: str
    body: str
    category: str
    intent: str | None  # banking77's label of the question, None for spam
    impact: Level
    urgency: Level
    custom: Mapping[str, str | bool]  # by field: numbers as text, dates in ISO 8601, flags True
    channel: Channel
    tags: tuple[str, ...]
    attachments: tuple[str, ...]
    steps: tuple[Step, ...]
