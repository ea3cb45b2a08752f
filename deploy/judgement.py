"""Whether a new version may take over, from what it and the old one did in the same minutes.

Pure: figures in, a verdict out. Both versions are compared at the same time, so a slow database or
a busy morning, which meets both, counts against neither. What is compared are counts, by Fisher's
exact test, one-sided: the rate that the old version has is not known but seen, in the same minutes,
and the test conditions it away; and it is exact at the counts of zero, one and two that a canary
has, where what is taken from the normal distribution is not. A percentile is a count as well: p95
has risen above a line when more than 5 % of the requests took longer than that line, which is why
`slow` is asked for.

It is asked every minute. Each look costs its part of `Rules.false_alarms` (a union bound: valid
whatever the looks have to do with each other, and however many of them are missed), so that all
looks of a rollout and all its tests together raise a false alarm no more often than that. Later
looks get more of it: large faults are seen early at any level, small ones need all the figures.
What the test takes for granted and clients break is that requests fail independently: one tries
again and again. So what is worse has to be so in several minutes.

A process that has just begun makes its templates and its connections, and is slow while it does.
So the new version's first requests count for no slowness, nor do the old one's in those minutes.
For everything else they count: nobody may be answered with 5xx because a process is young.

Proved by `benchmarks/judgement.py`; its figures are in docs/adr/0047.
"""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import exp, lgamma


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one version did in one minute: counts."""

    requests: int
    failed: int  # answered with 5xx
    slow: int  # took longer than the line, the same for both versions
    raised: int = 0  # tickets
    replied: int = 0  # replies sent
    signed_in: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            **{
                each.name: getattr(self, each.name) + getattr(other, each.name)
                for each in dataclasses.fields(self)
            }
        )


NOTHING = Figures(requests=0, failed=0, slow=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """Both versions in one minute; None where no figures came."""

    old: Figures | None
    new: Figures | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What has no old and new beside each other: the age of a queue, an alarm (0 or 1, limit 1)."""

    name: str
    limit: float
    before: float | None  # just before the rollout
    since: Sequence[float | None]  # a value a minute, None where none came

    @property
    def is_standing(self) -> bool:
        """It was there before: it says nothing of the new version, which may be its cure."""
        return self.before is not None and self.before >= self.limit

    def is_over(self, minutes: int) -> bool:
        known = [value for value in self.since if value is not None][-minutes:]
        return len(known) == minutes and min(known) >= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A comparison: which count of Figures, out of its requests."""

    count: str
    title: str
    worse: int  # 1: the new version is worse with more of it; -1: with fewer
    share: float  # of Rules.false_alarms
    # What is too small to send anybody back for, however sure it is: at high traffic the test finds
    # differences that nobody would notice. Of the old version's rate, and in points of rates.
    factor: float
    points: float
    least: int  # events that must be there, in both versions together
    is_of_warm: bool = False  # what the new version did while it was cold doesn't count

    __test__ = False  # not one of pytest's


TESTS = (
    Test(
        count="failed",
        title="answered with 5xx",
        worse=1,
        share=0.4,
        factor=1.5,
        points=0.002,
        least=4,
    ),
    Test(
        count="slow",
        title="slower than the line",
        worse=1,
        share=0.3,
        factor=1.5,
        points=0.02,
        least=10,
        is_of_warm=True,
    ),
    Test(
        count="raised", title="tickets raised", worse=-1, share=0.1, factor=0.7, points=0, least=20
    ),
    Test(
        count="replied", title="replies sent", worse=-1, share=0.1, factor=0.7, points=0, least=20
    ),
    Test(count="signed_in", title="sign-ins", worse=-1, share=0.1, factor=0.7, points=0, least=20),
)  # fmt: skip - a table


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    minutes: int = 15  # that the platform evaluates: as many looks, and the last one promotes
    false_alarms: float = 0.01  # of rollouts of a version that is no worse
    sample: int = 20  # requests of the new version, before it is judged at all
    enough: int = 100  # likewise, to be promoted
    breadth: int = 3  # minutes in which what is worse must have happened
    cold: int = 60  # requests of the new version after which it is warm; at least a minute
    lost: float = 1 / 3  # of the minutes may be without figures, and the rest still judges
    level_minutes: int = 3  # in a row that a level must be over its limit
    line: float | None = None  # seconds: what `slow` is counted by; for the text only
    tests: tuple[Test, ...] = TESTS


class Decision(enum.StrEnum):
    WAIT = "wait"  # nothing is wrong so far, or too little is known
    ABORT = "abort"
    PROMOTE = "promote"
    UNJUDGED = "unjudged"  # the time is over, and too little is known: a person decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One comparison at one look, with its numbers."""

    title: str
    old: int
    old_of: int
    new: int
    new_of: int
    chance: (
        float | None
    )  # of a difference like this or larger between equal versions; None: not asked
    level: float  # below which it aborts
    is_worse: bool

    def __str__(self) -> str:
        told = (
            f"{self.title}: old {_rate(self.old, self.old_of)}, new {_rate(self.new, self.new_of)}"
        )
        if self.chance is None:
            return f"{told}; nothing to see"
        sign = "<" if self.is_worse else ">="
        return f"{told}; by chance {self.chance:.2g} {sign} {self.level:.2g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A decision and all that it rests on. `json` and `str` write it down."""

    decision: Decision
    reasons: tuple[str, ...]
    look: int  # of Rules.minutes
    seen: int  # minutes with figures of both versions
    lost: int  # minutes without
    cold: int  # of those seen, the first ones, which count for no slowness
    findings: tuple[Finding, ...]
    levels: tuple[str, ...]
    rules: Rules = field(repr=False)

    def as_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2)

    def __str__(self) -> str:
        head = (
            f"{self.decision.upper()} at minute {self.look} of {self.rules.minutes}"
            f" ({self.seen} with figures of both, {self.lost} without)"
        )
        line = [] if self.rules.line is None else [f"  the line: {self.rules.line * 1000:.0f} ms"]
        if self.cold:
            line.append(f"  cold: the first {self.cold} of them count for no slowness")
        said = [f"  because {reason}" for reason in self.reasons]
        others = [f"  {each}" for each in self.findings if not each.is_worse]
        return "\n".join([head, *said, *line, *others, *(f"  {each}" for each in self.levels)])


def judge(
    minutes: Sequence[Minute], levels: Iterable[Level] = (), *, rules: Rules | None = None
) -> Verdict:
    """What is to be done after these minutes, the first of which gave the new version its share.

    Only minutes of which both versions have figures are counted: both are then seen at the same
    time, and what is missing speaks for nobody. Minutes beyond those of the rules don't count.
    """
    rules = rules or Rules()
    minutes = minutes[: rules.minutes]
    both = [(each.old, each.new) for each in minutes if each.old and each.new]
    cold = cold_minutes([new.requests for _, new in both], rules)
    lost = len(minutes) - len(both)
    part = rules.false_alarms * len(minutes) / (rules.minutes * (rules.minutes + 1) / 2)
    findings = tuple(
        _compare(test, both[cold:] if test.is_of_warm else both, part * test.share, rules)
        for test in rules.tests
    )
    levels = tuple(levels)
    # A fix must be able to go out while the alarm that it is for still rings.
    over = [each for each in levels if not each.is_standing and each.is_over(rules.level_minutes)]
    reasons = [str(each) for each in findings if each.is_worse]
    reasons += [f"{each.name} is over {each.limit:g} and was not before" for each in over]
    decision = Decision.ABORT if reasons else Decision.WAIT
    if not reasons and len(minutes) >= rules.minutes:
        reasons = _gaps(sum(new.requests for _, new in both), lost, len(minutes), rules)
        decision = Decision.UNJUDGED if reasons else Decision.PROMOTE
    return Verdict(
        decision=decision,
        reasons=tuple(reasons),
        look=len(minutes),
        seen=len(both),
        lost=lost,
        cold=cold,
        findings=findings,
        levels=tuple(_told(each) for each in levels),
        rules=rules,
    )


def cold_minutes(requests: Sequence[int], rules: Rules) -> int:
    """How many of the first minutes a version was cold in, by its requests in each."""
    answered = 0
    for minute, count in enumerate(requests, start=1):
        answered += count
        if answered >= rules.cold:
            return minute
    return len(requests)


def _is_sample(test: Test, both: Sequence[tuple[Figures, Figures]], rules: Rules) -> bool:
    if sum(new.requests for _, new in both) < rules.sample:
        return False
    # What happens too often is looked for in the new version, what happens too seldom in the old.
    told: list[int] = [getattr(old if test.worse < 0 else new, test.count) for old, new in both]
    return sum(count > 0 for count in told) >= rules.breadth


def _compare(
    test: Test, both: Sequence[tuple[Figures, Figures]], level: float, rules: Rules
) -> Finding:
    old = sum((old for old, _ in both), NOTHING)
    new = sum((new for _, new in both), NOTHING)
    before, after = getattr(old, test.count), getattr(new, test.count)
    chance = None
    is_asked = _is_sample(test, both, rules)
    if is_asked and before + after >= test.least and _matters(test, old, new):
        # Asked of the new version's count as it is, or of the old one's where fewer is worse.
        if test.worse > 0:
            chance = by_chance(after, new.requests, before, old.requests)
        else:
            chance = by_chance(before, old.requests, after, new.requests)
    return Finding(
        title=test.title,
        old=before,
        old_of=old.requests,
        new=after,
        new_of=new.requests,
        chance=chance,
        level=level,
        is_worse=chance is not None and chance < level,
    )


def _matters(test: Test, old: Figures, new: Figures) -> bool:
    if not old.requests or not new.requests:
        return False
    before: float = getattr(old, test.count) / old.requests
    after: float = getattr(new, test.count) / new.requests
    if test.worse > 0:
        return after > before * test.factor and after - before > test.points
    return after < before * test.factor and before - after > test.points


def by_chance(more: int, of: int, fewer: int, of_fewer: int) -> float:
    """Fisher's exact test, one-sided: the chance of `more` or still more events among `of`.

    Given that as many events as both have together fell among all the requests of both without
    regard to the version: the upper tail of the hypergeometric distribution. A library for it
    weighs 55 MB (scipy and numpy); these lines are held against whole numbers in the tests.
    """
    events, everybody = more + fewer, of + of_fewer
    whole = _log_choose(everybody, of)
    tail = 0.0
    for count in range(more, min(events, of) + 1):
        rest = of - count
        if rest > everybody - events:
            continue  # that many can't be without an event
        term = exp(_log_choose(events, count) + _log_choose(everybody - events, rest) - whole)
        tail += term
        if term < tail * 1e-12 and count > events * of / everybody:
            break  # beyond the middle the terms only fall
    return min(tail, 1.0)


def _log_choose(many: int, few: int) -> float:
    return lgamma(many + 1) - lgamma(few + 1) - lgamma(many - few + 1)


def _gaps(requests: int, lost: int, all_minutes: int, rules: Rules) -> list[str]:
    gaps = []
    if requests < rules.enough:
        gaps.append(f"{requests} requests of the new version are known, {rules.enough} are needed")
    if lost > all_minutes * rules.lost:
        gaps.append(f"{lost} of {all_minutes} minutes are without figures")
    return gaps


def _told(level: Level) -> str:
    last = next((value for value in reversed(level.since) if value is not None), None)
    said = "unknown" if last is None else f"{last:g}"
    before = "unknown" if level.before is None else f"{level.before:g}"
    standing = "; it stood before, and doesn't count" if level.is_standing else ""
    return f"{level.name}: before {before}, now {said}, limit {level.limit:g}{standing}"


def _rate(count: int, of: int) -> str:
    return f"{count}/{of} ({100 * count / of:.2f} %)" if of else "nothing"
