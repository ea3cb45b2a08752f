"""When customers write and when agents work. Times are seconds since 1970, UTC. Pure."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta
from itertools import accumulate
from math import ceil
from zoneinfo import ZoneInfo

HOUR = 3600.0
DAY = 24 * HOUR

# How much is written in each hour of a day, midnight first.
_BY_HOUR = (
    *(0.12, 0.07, 0.05, 0.05, 0.06, 0.12, 0.35, 0.8, 1.7, 2.6, 2.9, 2.8),
    *(2.5, 2.4, 2.5, 2.4, 2.2, 1.9, 1.6, 1.4, 1.2, 0.9, 0.55, 0.28),
)
_BY_WEEKDAY = (1.25, 1.12, 1.05, 1.0, 0.95, 0.45, 0.35)  # Monday first
_GROWTH = 0.8  # from the first day to the last
_DESK_HOURS = range(8, 18)
_SATURDAY_HOURS = range(9, 13)
_FRIDAY, _SATURDAY = 4, 5
_LOOKAHEAD = 30 * 24  # hours after the end in which agents may still look for their next shift


class Rhythm:
    """The weeks that end at `end`: more tickets at noon than at night, more now than at first."""

    def __init__(self, *, end: datetime, days: int, time_zone: str) -> None:
        self.end = end.timestamp()
        self.begin = (self.end - days * DAY) // HOUR * HOUR
        zone = ZoneInfo(time_zone)
        hours = ceil((self.end - self.begin) / HOUR)
        self._last_part = (self.end - self.begin) / HOUR - (hours - 1)
        local = [
            datetime.fromtimestamp(self.begin + hour * HOUR, zone)
            for hour in range(hours + _LOOKAHEAD)
        ]
        self._sums = list(
            accumulate(
                _BY_HOUR[at.hour]
                * _BY_WEEKDAY[at.weekday()]
                * (1 + _GROWTH * hour / hours)
                * (self._last_part if hour == hours - 1 else 1.0)
                for hour, at in enumerate(local[:hours])
            )
        )
        self._open = [_is_desk_hour(at) for at in local]
        self._next_open = _following(self._open)

    def moment_at(self, share: float) -> float:
        """When that share of all tickets (0 to 1) has been raised. Never falls."""
        wanted = share * self._sums[-1]
        hour = min(bisect_right(self._sums, wanted), len(self._sums) - 1)
        before = self._sums[hour - 1] if hour else 0.0
        within = (wanted - before) / (self._sums[hour] - before)
        if hour == len(self._sums) - 1:
            within *= self._last_part
        return min(self.begin + (hour + within) * HOUR, self.end)

    def is_open(self, moment: float) -> bool:
        return self._open[self._hour(moment)]

    def at_desk(self, moment: float, lag: float) -> float:
        """The moment, or if the desk is shut then, `lag` hours after its next opening."""
        hour = self._hour(moment)
        if self._open[hour]:
            return moment
        return self.begin + (self._next_open[hour] + lag) * HOUR

    def _hour(self, moment: float) -> int:
        return min(int((moment - self.begin) / HOUR), len(self._open) - 1)


def working_days_after(moment: datetime, days: int) -> datetime:
    """The same time of day, so many days from Monday to Friday later."""
    while days > 0:
        moment += timedelta(days=1)
        if moment.weekday() <= _FRIDAY:
            days -= 1
    return moment


def _is_desk_hour(at: datetime) -> bool:
    if at.weekday() <= _FRIDAY:
        return at.hour in _DESK_HOURS
    return at.weekday() == _SATURDAY and at.hour in _SATURDAY_HOURS


def _following(is_open: list[bool]) -> list[int]:
    """For each hour the first open one from there on; the last hour if none comes."""
    following = [len(is_open) - 1] * len(is_open)
    for hour in range(len(is_open) - 2, -1, -1):
        following[hour] = hour if is_open[hour] else following[hour + 1]
    return following
