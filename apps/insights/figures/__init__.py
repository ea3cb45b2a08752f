"""Figures a minute, and how far each reader of the stream has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from apps.insights.reducing import Counted, Counts
from apps.kernel.ports import Port

KEEP = timedelta(days=8)  # longer than any stream keeps its facts


class FiguresAwayError(Exception):
    """Figures can be neither read nor written now."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a shard has been read; `ended` when nothing more will come."""

    position: str | None = None
    ended: bool = False


class Figures(Protocol):
    """All raise FiguresAwayError."""

    def add(self, minute: datetime, counted: Counted) -> None:
        """Add each fact once, however often and by however many it is brought."""

    def between(self, since: datetime, until: datetime) -> dict[datetime, Counts]:
        """What was counted in the minutes from `since` on, up to and without `until`."""

    def take(self, shard: str, *, owner: str, now: datetime, until: datetime) -> Place | None:
        """Lease a shard, or lease it for longer. None while somebody else has it."""

    def keep(self, shard: str, place: Place, *, owner: str) -> bool:
        """Write down how far it has been read. False if it is somebody else's by now."""


figures = Port[Figures](
    "FIGURES_URL",
    {
        "database": "apps.insights.figures.database.DatabaseFigures",
        "dynamodb": "apps.insights.figures.dynamodb.DynamoFigures",
    },
)
