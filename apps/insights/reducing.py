"""What a fact adds to the figures of the minute in which it occurred. Pure, a fact at a time.

No fact needs to know another, so that batches, duplicates and order make no difference to whoever
adds each fact once (apps.insights.figures).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from apps.events.envelope import Envelope

RAISED, SOLVED, REOPENED = "raised", "solved", "reopened"
REPLIED, FIRST_REPLIED, ANSWERED = "replied", "first_replied", "answered"
RATED, SCORE, DEFLECTED = "rated", "score", "deflected"
FIGURES = (
    *(RAISED, SOLVED, REOPENED, REPLIED, FIRST_REPLIED),
    *(ANSWERED, RATED, SCORE, DEFLECTED),
)

Counts = Mapping[str, int]  # by figure ("raised"), or by a part of one ("raised team 3")
Counted = Mapping[int, Counts]  # by the fact's id


def part(figure: str, of: str, pk: int) -> str:
    return f"{figure} {of} {pk}"


_ALONE: Mapping[str, Counts] = {
    "ticket.reopened": {REOPENED: 1},
    "article.deflected": {DEFLECTED: 1},
}


def counts_of(event: Envelope) -> Counts:
    """Empty for most facts."""
    data = event.data
    match event.name:
        case "ticket.raised":
            return _by(RAISED, 1, data, team="team_id", category="category_id")
        case "ticket.status_changed" if data["category_to"] == "resolved" != data["category_from"]:
            return {SOLVED: 1}
        case "message.added":
            return _said(data)
        case "rating.given" if not data["is_change"]:  # a changed one says not from what
            rated = _by(RATED, 1, data, team="team_id")
            return {**rated, **_by(SCORE, data["score"], data, team="team_id")}
        case name:
            return _ALONE.get(name, {})


def _said(data: Mapping[str, Any]) -> Counts:
    if data["visibility"] != "public" or data["is_automatic"]:
        return {}
    if data["direction"] == "in":
        return {ANSWERED: 1}
    return {REPLIED: 1, FIRST_REPLIED: 1} if data.get("is_first_reply") else {REPLIED: 1}


def _by(figure: str, count: int, data: Mapping[str, Any], **fields: str) -> Counts:
    """The figure, and its part for each of these fields that the fact carries."""
    parts = {part(figure, of, data[name]): count for of, name in fields.items() if data[name]}
    return {figure: count, **parts}


def minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def reduce(events: Iterable[Envelope]) -> dict[datetime, dict[int, Counts]]:
    """What to add, by minute and fact: facts that count nothing are left out."""
    found: dict[datetime, dict[int, Counts]] = defaultdict(dict)
    for event in events:
        counts = counts_of(event)
        if counts:
            found[minute_of(event.occurred_at)][event.id] = counts
    return dict(found)


def total(counted: Iterable[Counts]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for counts in counted:
        for name, count in counts.items():
            found[name] += count
    return dict(found)
