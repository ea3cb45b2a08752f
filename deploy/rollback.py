"""Back to the version before, when the new one has been promoted already.

Not by a canary: whoever rolls back knows why. All new instances are made beside the old ones and
take over when they are healthy, which is as quick as Beanstalk is without going down. No migration
runs backwards; the version before works on the newer schema (ADR 12).
"""

from __future__ import annotations

from deploy.beanstalk import COMMAND, BeanstalkError
from deploy.names import build_of
from deploy.records import Record
from deploy.release import POLICY
from deploy.steps import Plan, Steps

KIND = "rollback"
_AT_ONCE = {(COMMAND, "DeploymentPolicy"): "Immutable"}


class Rollback:
    def __init__(self, steps: Steps) -> None:
        self.steps, self.aws, self.records = steps, steps.aws, steps.records

    def target(self) -> str:
        """The label that was there before the live one. Raises BeanstalkError if none is known."""
        if (current := self.records.current()) and current.kind == KIND:
            return current.label  # one that was cut off: the live one may be back already
        live = self.aws.live()
        if live is None:
            raise BeanstalkError("nothing is live: there is nothing to roll back")
        for past in self.records.past():
            if past.kind == KIND:
                continue  # before it was what it rolled back
            is_its = past.label == build_of(live.version) and past.outcome in (
                "promoted",
                "unjudged",
            )
            if is_its and past.before.get("web"):
                return build_of(past.before["web"])
        raise BeanstalkError(f"nobody wrote down what was before {live.version}: say --to LABEL")

    def run(self, label: str) -> Record:
        """Bring web and worker to a label. Raises BeanstalkError if one does not get there."""
        desk = self.aws.desk
        # Before it is written down that it began: what can't be done is not to be gone on with.
        for tier in ("web", "worker"):
            if self.aws.version_description(desk.version(label, tier)) is None:
                raise BeanstalkError(
                    f"Beanstalk has no version {desk.version(label, tier)} any more"
                )
        record = self.steps.begin(
            KIND, Plan(label=label, commit="", check=lambda _: None, ship=lambda: None)
        )
        name = record.web
        if "policy" not in record.before:
            record.before["policy"] = self.aws.settings(name)[POLICY]
            self.records.keep(record)
        if self.aws.environment(name).version != desk.version(label, "web"):
            self.aws.configure(name, _AT_ONCE)
        # The web first: its newer one says what the older worker may not understand.
        for tier, environment in (("web", name), ("worker", desk.worker)):
            record, failure = self.steps.bring(tier, environment, desk.version(label, tier), record)
            if failure:
                raise BeanstalkError(f"{environment} did not go back: {failure}")
        self.aws.configure(name, {POLICY: record.before["policy"]})
        return self.records.end(record, "promoted")

    def abandon(self, record: Record) -> None:
        """End it where it is, with the policy as it was. What is live is looked at by a person."""
        if policy := record.before.get("policy"):
            self.aws.wait(record.web)
            self.aws.configure(record.web, {POLICY: policy})
        self.records.end(record, "abandoned")
