"""The desk's queues of jobs: how long a job of each may take, and when it is given up.

infra/messaging.yaml says the same to SQS; a test holds them together.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`seconds` is the longest that a job may run; `times` is how often it may be taken.

    `visibility`, in seconds, is how long SQS keeps what a dead worker held from others. A living
    worker renews it, but a job that fits into it is safe without that.
    """

    seconds: int
    visibility: int
    times: int


QUEUES = {
    "default": Terms(seconds=240, visibility=900, times=10),
    "mail": Terms(seconds=240, visibility=900, times=10),
    "heavy": Terms(seconds=3600, visibility=7200, times=5),
}
SOFT_SECONDS = 20  # before the end of its time a job is asked to stop by itself
LONGEST_DELAY = 900  # SQS knows no longer one
LONGEST_PAUSE = 900


def pause(times: int, *, longest: int = LONGEST_PAUSE) -> int:
    """Seconds until a job that failed for the so-manieth time comes again."""
    return min(5 * int(2 ** min(times, 10)), longest)
