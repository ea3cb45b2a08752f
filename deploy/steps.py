"""What releases, blue/green and rollbacks have in common.

Every step asks what there is before it changes anything, so the same command goes on where another
one was cut off, whatever cut it off: what an environment has and whether it is changing is read
from Beanstalk; what it is all for, from the record.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from deploy.beanstalk import Beanstalk, BeanstalkError
from deploy.names import build_of
from deploy.records import Record, Records


class FailedError(Exception):
    """What was released did not stay. The old version serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be released."""

    label: str
    commit: str
    # Refuses a version that would break whom the version before serves: given its description.
    check: Callable[[str | None], None]
    # Static files, bundles and versions: all that must be there before any environment changes.
    ship: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Steps:
    aws: Beanstalk
    records: Records

    def begin(self, kind: str, plan: Plan) -> Record:
        """The record of this, as far as it is; or a new one, if it may begin.

        Raises BeanstalkError, UnderwayError, and what the plan's check raises.
        """
        record = self.records.current()
        if record is not None:
            if (record.kind, record.label) == (kind, plan.label):
                self.aws.tell(f"going on with {plan.label}, begun at {record.began:%H:%M} UTC")
            return self.records.begin(self._record(kind, plan))
        environments, live = self.aws.environments(), self.aws.live()
        for each in environments.values():
            if not each.is_ready:
                raise BeanstalkError(
                    f"{each.name} is {each.status}: somebody else is at work, or the platform is"
                    " being updated. Nothing was changed: try again when `status` says Ready"
                )
        if live:
            plan.check(self.aws.version_description(live.version))
        return self.records.begin(self._record(kind, plan))

    def _record(self, kind: str, plan: Plan) -> Record:
        live, worker = self.aws.live(), self.aws.environments().get(self.aws.desk.worker)
        return Record(
            kind=kind,
            label=plan.label,
            commit=plan.commit,
            began=self.aws.clock.now(),
            web=live.name if live else "",
            before={
                "web": live.version if live else "",
                "worker": worker.version if worker else "",
            },
        )

    def worker(self, record: Record) -> Record:
        """Bring the worker to the record's version. Raises FailedError if it does not stay.

        Before the web: a worker must understand what the new web says, and the facts of the old
        one it understands by contract.
        """
        desk = self.aws.desk
        version = desk.version(record.label, "worker")
        template = desk.template("worker")
        self.aws.create(desk.worker, tier="worker", version=version, template=template, address="")
        record, failure = self.bring("worker", desk.worker, version, record)
        if failure:
            self.give_up(record, f"the worker: {failure}")
        return record

    def bring(self, tier: str, name: str, version: str, record: Record) -> tuple[Record, str]:
        """The record with what was asked for, and why it was not done; "" if it was."""
        if self.aws.is_dry:
            self.aws.update(name, version)
            return record, ""
        self.aws.wait(name)
        if self.aws.environment(name).version != version:
            was_asked = tier in record.asked
            record = self.ask(tier, record)
            # Tried before this process was there, and sent back by Beanstalk.
            if was_asked and (errors := self.aws.errors(name, record.asked[tier])):
                return record, "; ".join(errors)
            self.aws.update(name, version)
            self.aws.wait(name)
        return record, self.why_not(name, version, record)

    def ask(self, tier: str, record: Record) -> Record:
        """Written down before it is asked for: what Beanstalk says from then on is about it."""
        if tier in record.asked:
            return record
        asked = record.asked | {tier: self.aws.clock.now()}
        return self.records.keep(dataclasses.replace(record, asked=asked))

    def why_not(self, name: str, version: str, record: Record) -> str:
        now = self.aws.environment(name)
        # Beanstalk says Ready and Green after a failed deployment too: of the old version.
        if now.version != version:
            said = "; ".join(self.aws.errors(name, record.began))
            return said or f"{name} has {now.version}, and no event says why"
        return f"{name} has the new version, and its health is Red" if now.health == "Red" else ""

    def give_up(self, record: Record, why: str, outcome: str = "failed") -> NoReturn:
        """Let the worker go back as well: the old web and it were made for each other.

        Raises FailedError; and BeanstalkError if the worker is lost on the way.
        """
        record = self.records.keep(dataclasses.replace(record, failure=record.failure or why))
        self.worker_back(record)
        self.records.end(record, outcome)
        before = build_of(record.before["web"])
        served = f"{before} serves as before" if before else "nothing was live before"
        raise FailedError(f"{record.failure}. {served}")

    def worker_back(self, record: Record) -> None:
        name, before = self.aws.desk.worker, record.before["worker"]
        if not before:
            return  # there was none: what is there serves no web
        self.aws.wait(name)
        if self.aws.environment(name).version != before:
            self.aws.update(name, before)
            self.aws.wait(name)
        now = self.aws.environment(name)
        if not self.aws.is_dry and now.version != before:
            raise BeanstalkError(f"{name} did not go back to {before}, but has {now.version}")
