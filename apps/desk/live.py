"""The last hour a minute, as the stream's figures have it (ADR 39)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.insights import reducing
from apps.insights.figures import FiguresAwayError, figures
from apps.insights.reducing import Counts
from apps.kernel import caching

logger = logging.getLogger(__name__)

MINUTES = 60
HEIGHT = 24  # of a sparkline; a minute is one unit wide
_SHOWN: tuple[tuple[str, str | Promise], ...] = (
    (reducing.RAISED, _("raised")),
    (reducing.REPLIED, _("replies from the desk")),
    (reducing.ANSWERED, _("replies from customers")),
    (reducing.SOLVED, _("solved")),
    (reducing.REOPENED, _("reopened")),
)


@dataclass(frozen=True, slots=True)
class Sparkline:
    """One figure: its sum, its highest minute, and the points of an SVG polyline."""

    label: str | Promise
    total: int
    most: int
    points: str


@dataclass(frozen=True, slots=True)
class Hour:
    lines: tuple[Sparkline, ...]
    first_replies: int
    deflected: int
    rating: float | None  # their mean, 1 to 5


def last_hour(now: datetime) -> Hour | None:
    """None while the figures are away."""
    until = reducing.minute_of(now) + timedelta(minutes=1)
    since = until - timedelta(minutes=MINUTES)
    found = caching.HOUR.get(
        lambda: _found(since, until), int(until.timestamp()), holds=dict[datetime, Counts]
    )
    return _hour(found, since) if found is not None else None


def _found(since: datetime, until: datetime) -> dict[datetime, Counts] | None:
    """None while they are away, which is kept as figures are: not every page asks again."""
    try:
        return figures.get().between(since, until)
    except FiguresAwayError:
        logger.warning("no figures of the last hour: they are away")
        return None


def _hour(found: Mapping[datetime, Counts], since: datetime) -> Hour:
    minutes = [found.get(since + timedelta(minutes=n), {}) for n in range(MINUTES)]
    totals = reducing.total(minutes)
    rated = totals.get(reducing.RATED, 0)
    return Hour(
        lines=tuple(
            _line(label, [minute.get(figure, 0) for minute in minutes]) for figure, label in _SHOWN
        ),
        first_replies=totals.get(reducing.FIRST_REPLIED, 0),
        deflected=totals.get(reducing.DEFLECTED, 0),
        rating=totals.get(reducing.SCORE, 0) / rated if rated else None,
    )


def _line(label: str | Promise, counts: list[int]) -> Sparkline:
    most = max(counts)
    scale = (HEIGHT - 2) / most if most else 0
    points = " ".join(
        f"{minute},{HEIGHT - 1 - count * scale:.1f}" for minute, count in enumerate(counts)
    )
    return Sparkline(label, sum(counts), most, points)
