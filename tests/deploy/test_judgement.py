"""A verdict on a canary: what sends it back, what promotes it, and what does neither."""

from __future__ import annotations

import importlib
import json
from fractions import Fraction
from math import comb
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.judgement import (
    Decision,
    Figures,
    Level,
    Minute,
    Rules,
    Verdict,
    by_chance,
    cold_minutes,
    judge,
)

simulation: Any = importlib.import_module("benchmarks.judgement")  # a folder of scripts

OLD = Figures(requests=900, failed=1, slow=45, raised=20, replied=20, signed_in=20)
NEW = Figures(requests=100, failed=0, slow=5, raised=2, replied=2, signed_in=3)
ALIKE = Minute(old=OLD, new=NEW)


def after(minutes: int, *, old: Figures | None = OLD, new: Figures | None = NEW) -> Verdict:
    return judge([Minute(old=old, new=new)] * minutes)


def new(**counts: int) -> Figures:
    return Figures(**{"requests": 100, "failed": 0, "slow": 5, "raised": 2, **counts})


def test_equals_wait_and_are_promoted_when_the_time_is_over() -> None:
    decisions = [judge([ALIKE] * minutes).decision for minutes in range(1, 16)]

    assert decisions == [Decision.WAIT] * 14 + [Decision.PROMOTE]


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        (new(failed=10, replied=2, signed_in=2), "answered with 5xx"),
        (new(slow=40, replied=2, signed_in=2), "slower than the line"),
        (new(raised=0, replied=2, signed_in=2), "tickets raised"),
        (new(replied=0, signed_in=2), "replies sent"),
        (new(replied=2, signed_in=0), "sign-ins"),
    ],
)
def test_what_is_worse_is_sent_back_before_the_time_is_over(figures: Figures, reason: str) -> None:
    verdict = after(9, new=figures)

    assert verdict.decision is Decision.ABORT
    assert [told.partition(":")[0] for told in verdict.reasons] == [reason]


def test_what_is_better_is_no_reason() -> None:
    """A fix goes out though the old version fails half of its requests."""
    ill = Figures(requests=900, failed=450, slow=400, raised=0, replied=0, signed_in=0)

    assert after(15, old=ill).decision is Decision.PROMOTE


def test_both_ill_at_once_is_not_the_new_versions_doing() -> None:
    ill = Figures(requests=900, failed=90, slow=500, raised=20, replied=20, signed_in=20)
    alike = Figures(requests=100, failed=11, slow=57, raised=2, replied=2, signed_in=2)

    assert after(15, old=ill, new=alike).decision is Decision.PROMOTE


def test_what_nobody_would_notice_sends_nobody_back() -> None:
    """A tenth more failures is no chance at this traffic, and no reason."""
    old = Figures(requests=10**6, failed=1000, slow=50_000)
    worse = Figures(requests=10**6, failed=1200, slow=55_000)

    assert by_chance(1200, 10**6, 1000, 10**6) < 1e-4
    assert after(15, old=old, new=worse).decision is Decision.PROMOTE


class TestMissing:
    def test_figures_neither_promote_nor_abort(self) -> None:
        nothing = after(15, new=None)

        assert after(14, new=None).decision is Decision.WAIT
        assert nothing.decision is Decision.UNJUDGED
        assert nothing.reasons == (
            "0 requests of the new version are known, 100 are needed",
            "15 of 15 minutes are without figures",
        )

    def test_minutes_count_for_neither(self) -> None:
        """What the old version did alone is not beside what the new one did."""
        lonely = Minute(old=Figures(requests=900, failed=900, slow=900), new=None)
        quiet = Minute(old=None, new=Figures(requests=900, failed=900, slow=900))

        verdict = judge([ALIKE] * 12 + [lonely, quiet, lonely])

        assert verdict.decision is Decision.PROMOTE
        assert (verdict.seen, verdict.lost) == (12, 3)
        assert (verdict.findings[0].old, verdict.findings[0].new) == (12, 0)

    def test_too_many_minutes_leave_it_open_whatever_the_others_say(self) -> None:
        lost = Minute(old=None, new=None)

        assert judge([ALIKE] * 9 + [lost] * 6).decision is Decision.UNJUDGED

    def test_a_fault_is_a_fault_in_the_minutes_that_are_known(self) -> None:
        lost = Minute(old=None, new=None)
        bad = Minute(old=OLD, new=new(failed=30))

        assert judge([lost] * 9 + [bad] * 3).decision is Decision.ABORT

    def test_too_few_requests_are_no_verdict(self) -> None:
        few = Figures(requests=6, failed=0, slow=0)
        fewer = Figures(requests=1, failed=1, slow=1)

        assert after(15, new=few).decision is Decision.UNJUDGED
        assert after(15, new=fewer).decision is Decision.UNJUDGED


def test_one_client_who_tries_again_and_again_is_no_fault() -> None:
    """Failures that come in a moment are not independent, which the test takes for granted."""
    burst = Minute(old=OLD, new=new(failed=30))

    assert judge([ALIKE, burst, burst]).decision is Decision.WAIT
    assert judge([burst, burst, burst]).decision is Decision.ABORT


class TestCold:
    """A process that has just begun is slow until it has its templates and its connections."""

    def test_first_minute_sends_nobody_back(self) -> None:
        cold = Minute(old=OLD, new=new(slow=100))

        verdicts = [judge([cold] + [ALIKE] * after) for after in range(15)]

        assert [verdict.decision for verdict in verdicts[:-1]] == [Decision.WAIT] * 14
        assert verdicts[-1].decision is Decision.PROMOTE
        assert (verdicts[-1].findings[1].new, verdicts[-1].findings[1].new_of) == (70, 1400)

    def test_minutes_are_those_that_it_served_in(self) -> None:
        """Its share may come later than its version, and the old one serves alone until then."""
        alone, cold = Minute(old=OLD, new=None), Minute(old=OLD, new=new(slow=100))

        assert judge([alone, alone, cold] + [ALIKE] * 12).decision is Decision.PROMOTE

    @pytest.mark.parametrize(
        ("requests", "minutes"), [(600, 1), (60, 1), (59, 2), (20, 3), (3, 15)]
    )
    def test_minutes_end_with_so_many_requests(self, requests: int, minutes: int) -> None:
        assert cold_minutes([requests] * 15, Rules()) == minutes

    def test_is_all_that_is_known_at_first(self) -> None:
        assert [cold_minutes([3] * minutes, Rules()) for minutes in range(3)] == [0, 1, 2]

    def test_excuses_no_failure(self) -> None:
        bad = Minute(old=OLD, new=new(failed=30))

        assert judge([bad] * 3).decision is Decision.ABORT

    def test_is_over_when_it_stays_slow(self) -> None:
        slow = Minute(old=OLD, new=new(slow=40))

        assert judge([slow] * 3).decision is Decision.WAIT
        assert judge([slow] * 4).decision is Decision.ABORT


@pytest.mark.parametrize("load", simulation.LOADS)
def test_a_cold_version_is_sent_back_no_more_often_than_is_allowed(load: tuple[int, float]) -> None:
    (cold,) = (fault for fault in simulation.FAULTS if fault.cold)

    ends = [simulation.rollout(seed, 16, load, cold)[0] for seed in range(100)]

    assert ends.count(Decision.ABORT) <= 2


def test_all_looks_together_cost_what_is_allowed() -> None:
    rules = Rules()

    spent = sum(
        finding.level
        for minutes in range(1, rules.minutes + 1)
        for finding in judge([ALIKE] * minutes, rules=rules).findings
    )

    assert spent == pytest.approx(rules.false_alarms)


def test_what_comes_after_the_time_is_not_looked_at() -> None:
    """There is nothing left to spend on it."""
    bad = Minute(old=OLD, new=new(failed=30))

    assert judge([ALIKE] * 15 + [bad] * 5) == judge([ALIKE] * 15)


class TestLevel:
    def level(self, before: float | None, *since: float | None) -> Decision:
        oldest = Level(name="the oldest job, s", limit=300, before=before, since=since)
        return judge([ALIKE] * len(since), [oldest]).decision

    def test_that_rises_over_its_limit_sends_back(self) -> None:
        assert self.level(2, 10, 310, 330, 390) is Decision.ABORT

    def test_that_is_over_for_a_moment_does_not(self) -> None:
        assert self.level(2, 310, 330, 12) is Decision.WAIT

    def test_that_stood_before_does_not_block_a_fix(self) -> None:
        assert self.level(900, *[900] * 15) is Decision.PROMOTE

    def test_that_is_not_known_says_nothing(self) -> None:
        assert self.level(2, *[None] * 15) is Decision.PROMOTE
        assert self.level(2, 310, None, 330, None, 390) is Decision.ABORT


def test_a_verdict_is_written_down_with_its_numbers() -> None:
    alarm = Level(name="alarm late", limit=1, before=1, since=[1, 1])

    verdict = judge(
        [Minute(old=OLD, new=new(failed=20, replied=2, signed_in=2))] * 3,
        [alarm],
        rules=Rules(line=0.412),
    )

    read = json.loads(verdict.as_json())
    assert read["decision"] == "abort"
    assert read["findings"][0]["new"] == 60
    assert read["findings"][0]["new_of"] == 300
    assert 0 < read["findings"][0]["chance"] < read["findings"][0]["level"]
    assert str(verdict.findings[0]) == (
        "answered with 5xx: old 3/2700 (0.11 %), new 60/300 (20.00 %); by chance 9.9e-59 < 0.0001"
    )
    assert str(verdict).splitlines() == [
        "ABORT at minute 3 of 15 (3 with figures of both, 0 without)",
        f"  because {verdict.findings[0]}",
        "  the line: 412 ms",
        "  cold: the first 1 of them count for no slowness",
        "  slower than the line: old 90/1800 (5.00 %), new 10/200 (5.00 %); nothing to see",
        "  tickets raised: old 60/2700 (2.22 %), new 6/300 (2.00 %); nothing to see",
        "  replies sent: old 60/2700 (2.22 %), new 6/300 (2.00 %); nothing to see",
        "  sign-ins: old 60/2700 (2.22 %), new 6/300 (2.00 %); nothing to see",
        "  alarm late: before 1, now 1, limit 1; it stood before, and doesn't count",
    ]


@given(
    of=st.integers(1, 300),
    of_fewer=st.integers(1, 300),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_the_test_is_exact(of: int, of_fewer: int, shares: tuple[float, float]) -> None:
    more, fewer = int(of * shares[0]), int(of_fewer * shares[1])
    events, everybody = more + fewer, of + of_fewer

    exact = sum(
        Fraction(comb(events, count) * comb(everybody - events, of - count), comb(everybody, of))
        for count in range(more, min(events, of) + 1)
        if of - count <= everybody - events
    )

    assert by_chance(more, of, fewer, of_fewer) == pytest.approx(float(exact), rel=1e-8)


def test_the_tail_is_as_fisher_has_it() -> None:
    """The tea of Fisher's Design of Experiments (1935): eight cups, all four rightly told."""
    assert by_chance(4, 4, 0, 4) == pytest.approx(1 / 70)
    assert by_chance(3, 4, 1, 4) == pytest.approx(17 / 70)
