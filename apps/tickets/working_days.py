"""Days from Monday to Friday, until calendars know better. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

_SATURDAY = 5


def working_days_before(moment: datetime, days: int) -> datetime:
    """The same time of day, so many days from Monday to Friday earlier."""
    return _walk(moment, days, timedelta(days=-1))


def working_days_after(moment: datetime, days: int) -> datetime:
    """The same time of day, so many days from Monday to Friday later."""
    return _walk(moment, days, timedelta(days=1))


def _walk(moment: datetime, days: int, step: timedelta) -> datetime:
    while days > 0:
        moment += step
        if moment.weekday() < _SATURDAY:
            days -= 1
    return moment
