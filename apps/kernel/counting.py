"""Say that something was done, for the figures of this build (apps.ops.metrics).

Facts are counted where they are recorded; this is for what is none, such as a sign-in. It costs
nothing where nobody counts.
"""

from __future__ import annotations

from collections.abc import Callable

Counter = Callable[[str, float], None]


def _nobody(_figure: str, _by: float) -> None:
    return


_counter: Counter = _nobody


def count(figure: str, by: float = 1) -> None:
    """A figure of apps/ops/metrics/table.py; what the desk doesn't know is refused there."""
    _counter(figure, by)


def is_counting() -> bool:
    """Whether to find out what only a figure needs."""
    return _counter is not _nobody


def counted_by(counter: Counter | None) -> None:
    """Who counts in this process; None: nobody."""
    global _counter  # noqa: PLW0603
    _counter = counter or _nobody
