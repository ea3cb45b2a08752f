"""A release: the worker first, then the web by a canary that is watched and judged.

Beanstalk promotes a canary by itself when the evaluation time is over, and judges it by the health
of instances alone. There is no call to promote, only one to abort. So the judge has its say before
that time is over, and where it can't say anything, a person's choice made beforehand counts.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.exceptions import HTTPClientError

from deploy.beanstalk import LOOK, SPLITTING, STUCK, BeanstalkError, Environment, StuckError
from deploy.figures import LATE, MINUTE, Metrics
from deploy.judgement import Decision, Rules, Verdict, judge
from deploy.names import build_of
from deploy.records import SERVED, Record
from deploy.steps import POLICY, Plan, Steps

Unjudged = Literal["abort", "leave"]
# The judge's last word must come before Beanstalk promotes by itself. Figures are late, the first
# minute is no whole one, and looks are some seconds apart.
HEAD_START = LATE + 2 * MINUTE


class TooLateError(Exception):
    """The new version serves, and the judge has not said that it may."""


@dataclass
class _Looking:
    """What one process has seen of a rollout."""

    begun: datetime | None = None  # since when the new version has its share
    seen: int = 0  # minutes


class Release:
    """One release, from its record to its outcome."""

    def __init__(
        self, steps: Steps, metrics: Metrics, *, unjudged: Callable[[Verdict], Unjudged]
    ) -> None:
        self.steps, self.metrics, self.unjudged = steps, metrics, unjudged
        self.aws, self.records = steps.aws, steps.records
        self.desk, self.clock, self.tell = self.aws.desk, self.aws.clock, self.aws.tell

    def run(self, plan: Plan) -> Record:
        """Release it, or go on with it.

        Raises FailedError if the old version serves, TooLateError if the new one does unjudged,
        BeanstalkError and UnderwayError.
        """
        current, has_served = self.records.current(), True
        if live := self.aws.live():
            if live.version == self.desk.version(plan.label, "web") and (done := self._done(plan)):
                self.tell(f"{plan.label} is live: it was {done.outcome} at {done.began:%c} UTC")
                return done
            is_without = current is not None and "policy" in current.before
            has_served = not is_without and self._has_served(live)
            if has_served:
                self._check_policy(live.name)
        elif current is None:
            self._check_first()
        record = self.steps.begin("release", plan)
        if record.failure:
            self._send_back(record)
        plan.ship()
        record = self.steps.worker(record)
        if not record.web:
            return self._first(record)
        return self._canary(record) if has_served else self._mending(record)

    def abandon(self, record: Record) -> None:
        """Send back what is under way, whatever the judge would say. Raises FailedError."""
        record = dataclasses.replace(record, failure=record.failure or "abandoned by hand")
        self._send_back(self.records.keep(record))

    def _done(self, plan: Plan) -> Record | None:
        """What was written down when it was released, if nothing is under way."""
        if self.records.current():
            return None
        return next(
            (
                past
                for past in self.records.past()
                if past.label == plan.label and past.outcome in SERVED
            ),
            None,
        )

    def _has_served(self, live: Environment) -> bool:
        """Whether what is live was ever well. Otherwise there is nothing to compare with.

        A first version that failed has the address all the same, and no figures: its fix would be
        judged by nobody, and sent back to it.
        """
        its = False
        for past in self.records.past():
            if past.outcome in SERVED:
                return True
            its = its or past.label == build_of(live.version)
        return not its and live.health != "Red"

    def _check_policy(self, name: str) -> None:
        policy = self.aws.settings(name).get(POLICY, "")
        if policy != "TrafficSplitting":
            raise BeanstalkError(
                f"{name} deploys by {policy or 'no policy'}, and a canary needs TrafficSplitting."
                " A rollback that was cut off leaves it so: run it again. Otherwise python -m"
                f" deploy up --stage {self.desk.stage} --only application shows what differs from"
                " the template, and changes it; or release by `bluegreen`"
            )

    def _check_first(self) -> None:
        """Before a worker is made, for a web that can't be."""
        there = self.aws.environments()
        if lost := [name for name in self.desk.webs if name in there]:
            raise BeanstalkError(
                f"{lost[0]} is there, and no web environment has the address {self.desk.address}:"
                " nobody comes to it. If DeskAddress was changed, set it back by `up`"
            )
        self.aws.check_address(self.desk.address)

    def _first(self, record: Record) -> Record:
        """There is no old version to compare with, and nobody to disturb."""
        name, version = self.desk.webs[0], self.desk.version(record.label, "web")
        template = self.desk.template("web")
        self.aws.create(
            name, tier="web", version=version, template=template, address=self.desk.address
        )
        if self.aws.is_dry:
            return record
        record, failure = self.steps.bring("web", name, version, record)
        if failure:
            self.steps.give_up(record, failure)
        return self.records.end(record, "promoted")

    def _mending(self, record: Record) -> Record:
        """The first version failed: nobody is served by it, and nothing is like it should be."""
        self.tell(
            f"  nothing was ever promoted here, and {build_of(record.before['web'])} is live: all"
            " instances get the new version, and nobody judges it but Beanstalk"
        )
        version = self.desk.version(record.label, "web")
        if self.steps.why_not(record.web, version, record):  # otherwise it is done already
            record = self.steps.without_canary(record)
        record, failure = self.steps.bring("web", record.web, version, record, anew=True)
        if self.aws.is_dry:
            return record
        if failure:
            self.steps.give_up(record, failure)
        self.steps.as_before(record)
        return self.records.end(record, "promoted")

    def _canary(self, record: Record) -> Record:
        version = self.desk.version(record.label, "web")
        if self.aws.is_dry:
            self.aws.update(record.web, version)
            self.tell("  would watch it and judge it")
            return record
        now = self.aws.environment(record.web)
        if now.is_ready and now.version != version:
            was_asked = "web" in record.asked
            record = self.steps.ask("web", record)
            errors = was_asked and self.aws.errors(record.web, record.asked["web"])
            if record.verdict is None and not errors:
                self.aws.update(record.web, version)
        record = self._watch(record, version)
        if failure := self.steps.why_not(record.web, version, record):
            if record.verdict and record.verdict["decision"] == Decision.ABORT:
                told = "; ".join(record.verdict["reasons"])
                self.steps.give_up(record, f"the judge sent the canary back: {told}", "aborted")
            self.steps.give_up(record, f"Beanstalk sent the canary back: {failure}")
        return self._promoted(record)

    def _watch(self, record: Record, version: str) -> Record:
        """Until Beanstalk is done with it, and the judge too."""
        if self.aws.environment(record.web).is_ready:
            return record
        rules, asked = self._rules(record), record.asked["web"]
        limit = self.clock.now() + timedelta(minutes=rules.minutes) + STUCK
        looking = _Looking()
        while True:
            try:
                if self.aws.environment(record.web).is_ready:
                    return record
                record = self._look(record, version, rules, looking)
            except (NoConnectionError, HTTPClientError) as error:
                # Who stops looking has it promoted unseen, and a laptop's network comes and goes.
                self.tell(f"  no answer, asking again: {error}")
            if self.clock.now() > limit:
                said = "; ".join(self.aws.errors(record.web, asked)) or "no event says why"
                raise StuckError(f"{record.web} comes to no end: {said}")
            self.clock.sleep(LOOK)

    def _look(self, record: Record, version: str, rules: Rules, looking: _Looking) -> Record:
        if looking.begun is None:
            looking.begun = self.aws.deployed_at(record.web, version)
            if looking.begun:
                self.tell(
                    f"  {version} has its share since {looking.begun:%H:%M:%S} UTC; the judge"
                    f" speaks for {rules.minutes} minutes, and then Beanstalk promotes it"
                )
        if record.verdict and record.verdict["decision"] == Decision.ABORT:
            self.aws.abort(record.web)  # again, if this process did not see it done
        elif record.verdict is None and looking.begun:
            now = self.clock.now()
            minutes = self.metrics.minutes(
                old=build_of(record.before["web"]),
                new=record.label,
                since=looking.begun,
                until=now,
                line=rules.line,
            )
            if len(minutes) > looking.seen:
                looking.seen = len(minutes)
                levels = self.metrics.levels(looking.begun, now)
                return self._act(record, judge(minutes, levels, rules=rules))
        return record

    def _act(self, record: Record, verdict: Verdict) -> Record:
        self.tell(str(verdict))
        if verdict.decision is Decision.WAIT:
            return record
        if verdict.decision is Decision.UNJUDGED and self.unjudged(verdict) == "abort":
            # Kept as what was chosen: the same choice holds for who goes on with it.
            verdict = dataclasses.replace(verdict, decision=Decision.ABORT)
        # First written, then done: who comes after a kill does it again rather than otherwise.
        record = self.records.keep(
            dataclasses.replace(record, verdict=json.loads(verdict.as_json()))
        )
        if verdict.decision is Decision.ABORT:
            self.aws.abort(record.web)
        return record

    def _rules(self, record: Record) -> Rules:
        told = self.aws.settings(record.web).get((SPLITTING, "EvaluationTime"), "") or "5"
        minutes = int(told) - HEAD_START // MINUTE
        if minutes < 1:
            raise BeanstalkError(
                f"EvaluationTime is {told} minutes: the judge needs {HEAD_START // MINUTE} more"
            )
        line = self.metrics.line(build_of(record.before["web"]), record.asked["web"])
        return Rules(minutes=minutes, line=line)

    def _promoted(self, record: Record) -> Record:
        decision = record.verdict["decision"] if record.verdict else ""
        if decision == Decision.PROMOTE:
            return self.records.end(record, "promoted")
        self.records.end(record, "unjudged")
        raise TooLateError(
            "Beanstalk promoted it by the health of its instances; the judge had said"
            f" {decision or 'nothing yet'}. `python -m deploy rollback` takes it back."
        )

    def _send_back(self, record: Record) -> None:
        if record.web and not self.aws.environment(record.web).is_ready:
            self.aws.abort(record.web)
            self.aws.wait(record.web)
        self.steps.give_up(record, record.failure, "aborted" if record.verdict else "failed")
