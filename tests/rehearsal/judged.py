"""What the balancer wrote down, as the figures that a canary is judged by."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.judgement import Figures, Minute

RAISED = ("POST", "/new/other/", 302)


@dataclass(frozen=True, slots=True)
class Line:
    at: float  # seconds since 1970
    version: str
    status: int
    seconds: float
    method: str
    path: str


def lines(log: Path) -> Iterator[Line]:
    """All that is written whole."""
    for text in log.read_text().splitlines():
        parts = text.split()
        if len(parts) == 6:
            at, version, status, seconds, method, path = parts
            yield Line(float(at), version, int(status), float(seconds), method, path)


def minutes(log: Iterable[Line], bounds: Sequence[float], *, slow: float) -> list[Minute]:
    """What happened between each two of the bounds, each for a minute of a real rollout."""
    windows: list[list[Line]] = [[] for _ in bounds[1:]]
    for line in log:
        place = bisect.bisect_right(bounds, line.at) - 1
        if 0 <= place < len(windows):
            windows[place].append(line)
    return [
        Minute(old=_figures(window, "old", slow), new=_figures(window, "new", slow))
        for window in windows
    ]


def _figures(window: Sequence[Line], version: str, slow: float) -> Figures | None:
    own = [line for line in window if line.version == version]
    if not own:
        return None
    return Figures(
        requests=len(own),
        failed=sum(line.status >= 500 for line in own),
        slow=sum(line.seconds > slow for line in own),
        raised=sum((line.method, line.path, line.status) == RAISED for line in own),
    )


def p95(log: Iterable[Line], *, since: float) -> float:
    """Seconds that one of twenty requests took longer than. Raises ValueError without any."""
    told = sorted(line.seconds for line in log if line.at >= since)
    if not told:
        raise ValueError("nothing was asked")
    return told[int(len(told) * 0.95)]
