"""What a rehearsal shows, each as claims with the figures that they rest on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from deploy.judgement import Decision, Rules, Verdict, judge
from tests.rehearsal.judged import lines, minutes, p95
from tests.rehearsal.load import PATIENCE, Crowd, Load
from tests.rehearsal.site import DRAIN, Instance, Site

CANARY = 10  # percent, as the configuration template has it
SWAPPED = 50  # while some still have the old address of a name that was swapped, and others not
# A migration that a release may bring: it adds, to a table that everybody writes to meanwhile.
MIGRATION = """
import time
from django.db import migrations

def pause(apps, schema_editor):
    time.sleep(1)  # as one that fills a column

class Migration(migrations.Migration):
    dependencies = [("ops", "{last}"), ("tickets", "__first__")]
    operations = [
        migrations.RunSQL("ALTER TABLE tickets_ticket ADD COLUMN rehearsed integer NULL"),
        migrations.RunPython(pause, migrations.RunPython.noop),
        migrations.RunSQL("CREATE TABLE ops_rehearsed (id integer)"),
    ]
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """`window` seconds stand for each of the rollout's `minutes`.

    A window lasts longer until the new version has had `least` requests in it: on a slow machine
    there is as much to judge by as on a fast one.
    """

    window: float
    minutes: int
    least: int
    after: float  # seconds of load after a rollback, which must have no failure


FULL = Pace(window=2.5, minutes=12, least=20, after=3)
SHORT = Pace(window=1.5, minutes=12, least=12, after=2)


@dataclass
class Outcome:
    """A row of the table: what was to be seen, and what was."""

    name: str
    seconds: float = 0
    asked: int = 0
    failed: int = 0
    raised: int = 0
    said: str = ""
    wrong: list[str] = field(default_factory=list)

    def claim(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.wrong.append(otherwise)


def amiss(answered: Iterable[str], kept: Iterable[str]) -> list[str]:
    """What of the requests that were answered is not in the database, or there twice."""
    answered, counts = set(answered), Counter(kept)
    lost = sorted(answered - set(counts))
    twice = sorted(subject for subject, count in counts.items() if count > 1)
    found = [f"answered and lost: {lost[:3]}"] if lost else []
    found += [f"raised twice: {twice[:3]}"] if twice else []
    return found if answered else [*found, "nobody raised anything"]


class Rehearsal:
    def __init__(self, site: Site, crowd: Crowd, pace: Pace, old: list[Instance]) -> None:
        self.site, self.crowd, self.pace = site, crowd, pace
        self.old = old  # what serves now
        self.outcomes: list[Outcome] = []

    @contextmanager
    def _scenario(self, name: str) -> Iterator[tuple[Outcome, Load]]:
        """Under load; afterwards every request that was answered must be there, once."""
        outcome = Outcome(name)
        began = time.monotonic()
        prefix = f"Rehearsal {len(self.outcomes)}"
        self.outcomes.append(outcome)
        with self.crowd.load(prefix) as load:
            yield outcome, load
        outcome.seconds = time.monotonic() - began
        outcome.asked, outcome.failed = load.asked, len(load.failed)
        outcome.raised = len(load.answered)
        outcome.wrong += amiss(load.answered, self.old[0].desk.tickets(prefix))
        outcome.claim(not load.trouble, f"customers gave up: {load.trouble[:1]}")

    def canary(self, new: Instance, *, expected: Decision) -> None:
        """A part of the requests goes to a new version, which is judged while it serves."""
        with self._scenario(f"canary, {new.name}") as (outcome, load):
            verdict, took = self._judge(new, CANARY)
            self._settle(new, outcome, load, verdict=verdict, expected=expected, took=took)

    def blue_green(self, green: Instance, *, expected: Decision) -> None:
        """The name goes to a new environment; both serve until everybody has looked it up anew."""
        with self._scenario(f"blue/green, {green.name}") as (outcome, load):
            verdict, took = self._judge(green, SWAPPED)
            self._settle(green, outcome, load, verdict=verdict, expected=expected, took=took)

    def rolling(self, successors: list[Instance]) -> None:
        """Instance by instance to a version that brings a migration: nobody notices."""
        with self._scenario("rolling restart and migration") as (outcome, load):
            for place, successor in enumerate(successors):
                leaving = self.old[place]
                self.old[place] = successor.deploy()
                self._share([], 0)
                leaving.stop()
            time.sleep(self.pace.after)
        outcome.said = f"instances replaced, one by one: {len(successors)}"
        outcome.claim(not load.failed, f"failed: {load.failed[:3]}")

    def restart(self, *, count: int = 2) -> None:
        """So many instances out, started anew, in: what a changed property does."""
        with self._scenario("rolling restart") as (outcome, load):
            for instance in self.old[:count]:
                self._without(instance)
                instance.stop()
                instance.start()
                self._share([], 0)
            time.sleep(self.pace.after)
        outcome.said = f"instances started anew, one by one: {count}"
        outcome.claim(not load.failed, f"failed: {load.failed[:3]}")

    def _without(self, leaving: Instance) -> None:
        """What is under way there is answered before this returns."""
        self.site.balancer.share({"old": [each for each in self.old if each is not leaving]})

    def _share(self, new: list[Instance], percent: int) -> None:
        groups = {"old": self.old, **({"new": new} if new else {})}
        self.site.balancer.share(groups, percent)

    def _judge(self, new: Instance, percent: int) -> tuple[Verdict, float]:
        """Asked after each window, until it decides. The verdict, and seconds until it."""
        pace, began = self.pace, time.time()
        new.deploy()
        # What one of twenty requests takes longer than, with the old version alone.
        line = p95(lines(self.site.balancer.log), since=began)
        self._share([new], percent)
        bounds, since = [time.time()], time.time()
        rules = Rules(minutes=pace.minutes, line=line)
        while True:
            self._wait(bounds[-1], least=pace.least)
            bounds.append(time.time())
            log = lines(self.site.balancer.log)
            verdict = judge(minutes(log, bounds, slow=line), rules=rules)
            if verdict.decision is not Decision.WAIT:
                return verdict, time.time() - since

    def _wait(self, since: float, *, least: int) -> None:
        """Until a window that began then is over, and the new version has had so many requests."""
        deadline = since + PATIENCE
        while time.time() < deadline:
            time.sleep(max(0.2, since + self.pace.window - time.time()))
            log = lines(self.site.balancer.log)
            seen = sum(line.version == "new" and line.at >= since for line in log)
            if seen >= least:
                return
        raise AssertionError(f"the new version had {seen} requests in {PATIENCE} s")

    def _settle(
        self,
        new: Instance,
        outcome: Outcome,
        load: Load,
        *,
        verdict: Verdict,
        expected: Decision,
        took: float,
    ) -> None:
        """Promote the new version, or go back to the old one; either way nothing fails then."""
        if verdict.decision is Decision.PROMOTE:
            leaving, self.old = self.old, [new]
        else:
            leaving = [new]
        self._share([], 0)
        settled = len(load.failed)
        for instance in leaving:
            instance.stop()
        time.sleep(max(DRAIN, self.pace.after))
        outcome.said = f"{verdict.decision} after {took:.0f} s: {'; '.join(verdict.reasons)}"
        outcome.claim(verdict.decision is expected, f"expected {expected}:\n{verdict}")
        outcome.claim(
            len(load.failed) == settled, f"failed after it was settled: {load.failed[settled:][:3]}"
        )
        if expected is Decision.PROMOTE:
            outcome.claim(not load.failed, f"failed: {load.failed[:3]}")
