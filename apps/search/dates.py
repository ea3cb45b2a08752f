"""What people type for a time: 2026-05-01, 2026-05, today, 7d, >2w, 2026-01..2026-03. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from apps.search.index import Span

_DATE = re.compile(r"((?:19|20)\d\d)(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_AGO = re.compile(r"([<>]=?)?(\d{1,3})([hdwmy])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}
_DECEMBER = 12


def span(text: str, now: datetime) -> Span | None:
    """The time meant, in the zone of `now`; None for what is no time.

    7d is the last seven days, >7d is longer ago; >2026-05-01 is after that day.
    """
    text = text.strip().lower()
    ago = _AGO.fullmatch(text)
    if ago:
        moment = now - timedelta(hours=int(ago[2]) * _HOURS[ago[3]])
        return Span(until=moment) if (ago[1] or "<").startswith(">") else Span(since=moment)
    if ".." in text:
        first, _, last = text.partition("..")
        return _between(first, last, now)
    sign = re.match(r"[<>]=?", text)
    day = _day(text[sign.end() :] if sign else text, now)
    if day is None or sign is None:
        return day
    return {
        ">": Span(since=day.until),
        ">=": Span(since=day.since),
        "<": Span(until=day.since),
        "<=": Span(until=day.until),
    }[sign[0]]


def _between(first: str, last: str, now: datetime) -> Span | None:
    begin, end = _day(first, now), _day(last, now)
    if (first and begin is None) or (last and end is None) or not (begin or end):
        return None
    return Span(since=begin.since if begin else None, until=end.until if end else None)


def _day(text: str, now: datetime) -> Span | None:
    """A day, a month or a year."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if text == "today":
        return Span(since=midnight, until=midnight + timedelta(days=1))
    if text == "yesterday":
        return Span(since=midnight - timedelta(days=1), until=midnight)
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    try:
        since = midnight.replace(year=year, month=month, day=day)
        if found[3]:
            until = since + timedelta(days=1)
        elif found[2] and month < _DECEMBER:
            until = since.replace(month=month + 1)
        else:
            until = since.replace(year=year + 1, month=1)
    except (ValueError, OverflowError):
        return None
    return Span(since=since, until=until)


def both(one: Span, other: Span) -> Span:
    """The time that lies in both."""
    since = [moment for moment in (one.since, other.since) if moment is not None]
    until = [moment for moment in (one.until, other.until) if moment is not None]
    return Span(since=max(since, default=None), until=min(until, default=None))
