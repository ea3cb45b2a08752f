"""Blue and green: a second web environment takes the address of the first, and can give it back.

For what a canary can't be: another platform, another network, contracts that old and new can't
share. Both serve the same data, which lives in stacks of its own. The old one stays for as long as
somebody's resolver may still send people there, and as the quickest way back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta

from deploy import options
from deploy.beanstalk import LOOK, BeanstalkError
from deploy.records import Record, UnderwayError
from deploy.steps import Plan, Steps

KEEP = timedelta(hours=1)  # Beanstalk's records live for a minute; many resolvers keep them longer
SETTLED_WITHIN = timedelta(minutes=10)  # a new instance's agent can be reached
KIND = "bluegreen"


class BlueGreen:
    """`visit` looks at an environment: what is wrong with it, or ""."""

    def __init__(self, steps: Steps, *, visit: Callable[[str], str]) -> None:
        self.steps, self.visit = steps, visit
        self.aws, self.records = steps.aws, steps.records
        self.desk, self.clock, self.tell = self.aws.desk, self.aws.clock, self.aws.tell

    def run(self, plan: Plan) -> Record:
        """Up to the swap. The record stays under way until `finish` or `back`.

        Raises FailedError if the old environment serves, BeanstalkError and UnderwayError.
        """
        if self.aws.live() is None:
            raise BeanstalkError("nothing is live yet: the first release is `release`")
        is_new = self.records.current() is None
        if is_new and (left := self._other(self._live())) in self.aws.environments():
            raise BeanstalkError(f"{left} is still there, from before: look at `status`")
        if is_new:
            self.aws.check_address(self.desk.next_address)
        record = self.steps.begin(KIND, plan)
        other = self._other(record.web)
        if record.failure:
            self._give_up(record, record.failure)
        if record.swapped is None:
            plan.ship()
            record = self.steps.worker(record)
            record = self._green(record, other)
            record = self._swap(record, other)
        if self.aws.is_dry:
            return record
        until = (record.swapped or self.clock.now()) + KEEP
        self.tell(
            f"{other} is live. {record.web} stays: `bluegreen --back` swaps back, and `bluegreen"
            f" --finish` ends it after {until:%H:%M} UTC"
        )
        return record

    def back(self) -> Record:
        """Give the old environment its address again, and end the new one."""
        record = self._swapped()
        other = self._other(record.web)
        record = self.records.keep(dataclasses.replace(record, failure="swapped back by hand"))
        if self._live() != record.web:
            self.aws.swap(other, record.web)
            self.aws.wait(other, record.web)
        self.steps.worker_back(record)
        self.aws.terminate(other)
        return self.records.end(record, "swapped back")

    def finish(self) -> Record:
        """End the old environment, when nobody is sent there any more."""
        record = self._swapped()
        assert record.swapped is not None
        if self.clock.now() < record.swapped + KEEP:
            raise BeanstalkError(
                f"people may still be sent to {record.web}: wait until"
                f" {record.swapped + KEEP:%H:%M} UTC"
            )
        if record.failure or self._live() == record.web:
            raise BeanstalkError(f"{record.web} is live again: go on with `bluegreen --back`")
        self.aws.terminate(record.web)
        return self.records.end(record, "promoted")

    def abandon(self, record: Record) -> None:
        """End it before the swap. Raises FailedError."""
        if record.swapped or self._live() != record.web:
            raise BeanstalkError("the addresses are swapped: `bluegreen --back` swaps them back")
        self._give_up(record, "abandoned by hand")

    def _green(self, record: Record, other: str) -> Record:
        version, template = self.desk.version(record.label, "web"), f"{other}-as-{record.web}"
        if other not in self.aws.environments():
            for each in options.differences(self.aws, self.aws.environment(record.web)):
                self.tell(f"  as {record.web} has it, and not as its template says: {each}")
            self.aws.template_of(record.web, template)
            self.aws.create(
                other,
                tier="web",
                version=version,
                template=template,
                address=self.desk.next_address,
            )
        if self.aws.is_dry:
            return record
        record, failure = self.steps.bring("web", other, version, record)
        self.aws.drop_template(template)
        # Not once it is live: then its address is the desk's own.
        if not failure and self._live() == record.web:
            failure = self._visited(other)
        if failure:
            self._give_up(record, failure)
        return record

    def _visited(self, name: str) -> str:
        until = self.clock.now() + SETTLED_WITHIN
        while wrong := self.visit(name):
            if self.clock.now() >= until:
                return f"{name}: {wrong}"
            self.clock.sleep(LOOK)
        return ""

    def _swap(self, record: Record, other: str) -> Record:
        if self._live() == record.web:
            self.aws.swap(record.web, other)
            self.aws.wait(record.web, other)
        # Later than it was, if another process swapped them: the old one is kept the longer.
        return self.records.keep(dataclasses.replace(record, swapped=self.clock.now()))

    def _give_up(self, record: Record, why: str) -> None:
        record = self.records.keep(dataclasses.replace(record, failure=record.failure or why))
        self.aws.terminate(self._other(record.web))
        self.steps.give_up(record, why)

    def _live(self) -> str:
        live = self.aws.live()
        if live is None:
            raise BeanstalkError(f"no environment has the address {self.desk.address}")
        return live.name

    def _other(self, name: str) -> str:
        first, second = self.desk.webs
        return second if name == first else first

    def _swapped(self) -> Record:
        record = self.records.current()
        if record is None or record.kind != KIND or record.swapped is None:
            raise UnderwayError("no addresses were swapped")
        return record
