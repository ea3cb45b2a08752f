"""How often a canary is judged wrongly: thousands of rollouts, at several loads and faults.

    python -m benchmarks.judgement --rollouts 2000

A rollout is Beanstalk's evaluation time (`--minutes`) with 10 % of the requests at the new version;
at the lower loads 50 % as well, since a small desk's tenth is nothing. The judge looks as often in
it as `deploy/release.py` has time for. The load goes up and down by the minute, and both versions
share it. Ordinarily 0.05 % of requests fail, 5 % are slower than the line, and 1 % each raise a
ticket, send a reply and sign in; seconds are spread lognormally, with a sigma of 0.6. `clumped`
failures come five from one client, who tries again and again: the one thing that the test's
assumption of independence does not allow for. `cold` is a version that is no worse, whose first
sixty requests are all slow.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from statistics import NormalDist

from deploy.figures import MINUTE
from deploy.judgement import Decision, Figures, Minute, Rules, judge
from deploy.release import HEAD_START

# Requests a minute, and the share of them that the new version gets.
LOADS = ((30, 0.1), (30, 0.5), (300, 0.1), (300, 0.5), (3000, 0.1))
EVALUATION = 20  # minutes: infra/application.yaml
FAILED, SLOW, DEED = 0.0005, 0.05, 0.01
SIGMA = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    title: str
    is_fault: bool = True
    failing: float = FAILED
    slower: float = 1.0  # times
    deeds: float = 1.0  # of the tickets that are raised ordinarily
    both: bool = False  # the old version has it as well
    clump: int = 1
    cold: int = 0  # of its first requests, all are slow


FAULTS = (
    Fault(title="none", is_fault=False),
    Fault(title="none; 5 % fail in both versions", is_fault=False, failing=0.05, both=True),
    Fault(title="none; failures clumped by five", is_fault=False, clump=5),
    Fault(title="none; cold", is_fault=False, cold=60),
    Fault(title="fails 0.5 %", failing=0.005),
    Fault(title="fails 2 %", failing=0.02),
    Fault(title="fails 2 %, clumped by five", failing=0.02, clump=5),
    Fault(title="fails 10 %", failing=0.1),
    Fault(title="1.2 times as slow", slower=1.2),
    Fault(title="1.5 times as slow", slower=1.5),
    Fault(title="twice as slow", slower=2),
    Fault(title="no ticket can be raised", deeds=0),
    Fault(title="half of the tickets are lost", deeds=0.5),
)


def happened(chance: random.Random, of: int, share: float) -> int:
    """A binomial number, by jumping from one event to the next."""
    if share <= 0:
        return 0
    count, place = 0, -1
    scale = math.log1p(-share)
    while True:
        place += 1 + int(math.log(1.0 - chance.random()) / scale)
        if place >= of:
            return count
        count += 1


def share_of_slow(times: float) -> float:
    """Of requests that take so many times as long, above the line that 5 % of the others are."""
    normal = NormalDist()
    return 1 - normal.cdf(normal.inv_cdf(1 - SLOW) - math.log(times) / SIGMA)


def figures(
    chance: random.Random, requests: int, fault: Fault, *, is_ill: bool, cold: int = 0
) -> Figures:
    """`cold` of the requests are slow, whatever the others are."""
    failing = fault.failing if is_ill else FAILED
    slow = share_of_slow(fault.slower) if is_ill else SLOW
    return Figures(
        requests=requests,
        failed=min(requests, fault.clump * happened(chance, requests, failing / fault.clump)),
        slow=cold + happened(chance, requests - cold, slow),
        raised=happened(chance, requests, DEED * (fault.deeds if is_ill else 1)),
        replied=happened(chance, requests, DEED),
        signed_in=happened(chance, requests, DEED),
    )


def rollout(seed: int, looks: int, load: tuple[int, float], fault: Fault) -> tuple[Decision, int]:
    """How one rollout ended, and at which minute."""
    chance, rules = random.Random(seed), Rules(minutes=looks)
    minutes: list[Minute] = []
    cold = fault.cold
    for minute in range(1, rules.minutes + 1):
        requests = round(load[0] * chance.lognormvariate(0, 0.3))
        of_new = happened(chance, requests, load[1])
        slow, cold = min(cold, of_new), max(cold - of_new, 0)
        minutes.append(
            Minute(
                old=figures(chance, requests - of_new, fault, is_ill=fault.both),
                new=figures(chance, of_new, fault, is_ill=True, cold=slow),
            )
        )
        verdict = judge(minutes, rules=rules)
        if verdict.decision is not Decision.WAIT:
            return verdict.decision, minute
    raise AssertionError("the last minute decides")


@dataclass(frozen=True, slots=True)
class Row:
    load: tuple[int, float]  # requests a minute, and the new version's share
    fault: Fault
    share: dict[Decision, float]
    minute: float  # at which half of the aborted ones were


def row(rollouts: int, looks: int, load: tuple[int, float], fault: Fault) -> Row:
    ends = [rollout(seed, looks, load, fault) for seed in range(rollouts)]
    aborted = sorted(minute for decision, minute in ends if decision is Decision.ABORT)
    return Row(
        load,
        fault,
        {each: sum(end is each for end, _ in ends) / rollouts for each in Decision},
        aborted[len(aborted) // 2] if aborted else math.nan,
    )


def rows(rollouts: int, looks: int) -> Iterator[Row]:
    asked = [(rollouts, looks, load, fault) for fault, load in product(FAULTS, LOADS)]
    with ProcessPoolExecutor() as pool:
        yield from pool.map(row, *zip(*asked, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollouts", type=int, default=2000)
    parser.add_argument("--minutes", type=int, default=EVALUATION)
    given = parser.parse_args()
    looks = given.minutes - HEAD_START // MINUTE
    print(
        f"{given.rollouts} rollouts a line, {looks} looks in {given.minutes} minutes;"
        f" allowed: {Rules().false_alarms:.1%} false alarms"
    )
    print(
        "| the new version | requests/min | of them | aborted | promoted | not judged | at minute |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    worst = 0.0
    for each in rows(given.rollouts, looks):
        if not each.fault.is_fault and each.fault.clump == 1:
            worst = max(worst, each.share[Decision.ABORT])
        shares = " | ".join(
            f"{each.share[decision]:.2%}"
            for decision in (Decision.ABORT, Decision.PROMOTE, Decision.UNJUDGED)
        )
        at = "" if math.isnan(each.minute) else f"{each.minute:.0f}"
        print(
            f"| {each.fault.title} | {each.load[0]} | {each.load[1]:.0%} | {shares} | {at} |",
            flush=True,
        )
    print(f"false alarms at worst: {worst:.2%}")


if __name__ == "__main__":
    main()
