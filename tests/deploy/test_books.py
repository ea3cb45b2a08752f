"""What a rehearsal claims rests on its books: a lost request and a slow version show there."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.judgement import Figures, Minute
from tests.rehearsal.judged import Line, lines, minutes, p95
from tests.rehearsal.scenarios import amiss

LOG = """\
100.100 old 200 0.010 GET /
100.900 new 500 0.200 GET /
101.000 old 302 0.300 POST /new/other/
101.500 new 302 0.010 POST /new/other/
102.000 new 200 0.010 GET /
102.1"""


@pytest.mark.parametrize(
    ("answered", "kept", "found"),
    [
        (["a", "b"], ["b", "a"], []),
        (["a"], ["a", "b"], []),  # raised, and the answer to it failed
        (["a", "b"], ["a"], ["answered and lost: ['b']"]),
        (["a"], ["a", "a"], ["raised twice: ['a']"]),
        ([], [], ["nobody raised anything"]),
    ],
)
def test_what_was_answered_is_there_once(
    answered: list[str], kept: list[str], found: list[str]
) -> None:
    assert amiss(answered, kept) == found


def test_the_log_is_read_by_version_and_window(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(LOG)

    told = minutes(lines(tmp_path / "log"), [100.0, 101.0, 102.0], slow=0.1)

    assert told == [
        Minute(
            old=Figures(requests=1, failed=0, slow=0), new=Figures(requests=1, failed=1, slow=1)
        ),
        Minute(
            old=Figures(requests=1, failed=0, slow=1, raised=1),
            new=Figures(requests=1, failed=0, slow=0, raised=1),
        ),
    ]


def test_a_window_without_one_version_judges_nobody() -> None:
    alone = [Line(1.5, "old", 200, 0.1, "GET", "/")]

    assert minutes(alone, [1.0, 2.0], slow=1)[0].new is None


def test_one_of_twenty_takes_longer_than_the_line() -> None:
    log = [Line(float(n), "old", 200, n / 100, "GET", "/") for n in range(1, 101)]

    line = p95(log, since=1)

    assert sum(each.seconds > line for each in log) in {4, 5}
    with pytest.raises(ValueError, match="nothing was asked"):
        p95(log, since=1000)
