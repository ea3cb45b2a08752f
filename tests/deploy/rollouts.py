"""Rollouts on a small Beanstalk: a desk with an old version, and what is done to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from deploy.beanstalk import Beanstalk
from deploy.bluegreen import BlueGreen
from deploy.figures import CloudWatch
from deploy.judgement import Verdict
from deploy.names import Desk
from deploy.options import Difference, Options
from deploy.records import Record, Records
from deploy.release import Release, Unjudged
from deploy.rollback import Rollback
from deploy.steps import FailedError, Plan, Steps
from tests.deploy.beanstalk_model import WEB_TEMPLATE, WORKER_TEMPLATE
from tests.deploy.beanstalk_server import ADDRESS, BUCKET, Cloud

OLD, NEW = "20261101-100000-aaaaaaa", "20261102-083000-bbbbbbb"
DESK = Desk(
    "test",
    address=ADDRESS,
    templates={"web": WEB_TEMPLATE, "worker": WORKER_TEMPLATE},
    bucket=BUCKET,
)
WEB, GREEN = DESK.webs


class Killed(BaseException):
    """The process ends here: nothing catches it, as nothing catches kill -9."""


@dataclass
class Rollouts:
    cloud: Cloud
    said: list[str] = field(default_factory=list)
    unjudged: Unjudged = "abort"
    wrong: str = ""  # what a visitor of the green environment sees
    shipped: int = 0

    # A clock: time goes by in the cloud alone.

    def now(self) -> datetime:
        return self.cloud.model.now

    def sleep(self, seconds: float) -> None:
        with self.cloud.lock:
            self.cloud.model.advance(seconds)

    # What a process makes anew

    def beanstalk(self, *, is_dry: bool = False) -> Beanstalk:
        return Beanstalk(DESK, self, self.said.append, is_dry=is_dry)

    def records(self, *, is_dry: bool = False) -> Records:
        return Records(BUCKET, "test", is_dry=is_dry)

    def steps(self, *, is_dry: bool = False) -> Steps:
        return Steps(self.beanstalk(is_dry=is_dry), self.records(is_dry=is_dry))

    def releasing(self, *, is_dry: bool = False) -> Release:
        def unjudged(_: Verdict) -> Unjudged:
            return self.unjudged

        return Release(self.steps(is_dry=is_dry), CloudWatch(DESK), unjudged=unjudged)

    def options(self, *, is_dry: bool = False, agree: bool = True) -> list[str]:
        """What `up` does to environments. The differences that were shown, and what was said."""
        shown: list[str] = []

        def agreed(_: str, found: list[Difference]) -> bool:
            shown.extend(map(str, found))
            return agree

        said = list(Options(self.steps(is_dry=is_dry)).run(agreed))
        return [*shown, *said]

    def blue_green(self, *, is_dry: bool = False) -> BlueGreen:
        return BlueGreen(self.steps(is_dry=is_dry), visit=lambda _: self.wrong)

    def plan(self, label: str = NEW, *, check: Callable[[str | None], None] | None = None) -> Plan:
        beanstalk = self.beanstalk()

        def ship() -> None:
            self.shipped += 1
            for tier in ("web", "worker"):
                version = DESK.version(label, tier)
                self.cloud.objects[f"{BUCKET}/{version}.zip"] = b"a bundle"
                beanstalk.ensure_version(
                    version, bucket=BUCKET, key=f"{version}.zip", description=f"commit {label}"
                )
            beanstalk.wait_for_versions([DESK.version(label, "web")])

        return Plan(label=label, commit="b" * 40, check=check or (lambda _: None), ship=ship)

    def release(self, label: str = NEW) -> Record:
        return self.releasing().run(self.plan(label))

    def roll_back(self, label: str = "") -> Record:
        rollback = Rollback(self.steps())
        return rollback.run(label or rollback.target())

    # What there is

    def begin(self) -> None:
        """The old version serves, as its own release left it."""
        model, self.cloud.has_bucket = self.cloud.model, True
        for tier, name in (("web", WEB), ("worker", DESK.worker)):
            version = DESK.version(OLD, tier)
            model.versions[version] = {"Description": "commit " + "a" * 40, "Status": "Processed"}
            address = DESK.address if tier == "web" else ""
            model.create(name, tier, version, DESK.template(tier), address)
        model.advance(7200)
        self.cloud.calls.clear()

    def fail_first(self) -> None:
        """The first release made environments in which nothing works."""
        self.cloud.clear()
        self.cloud.model.sick = {DESK.version(OLD, "web")}
        with pytest.raises(FailedError, match="nothing was live before"):
            self.release(OLD)

    def serving(self) -> dict[str, str]:
        """The label that each environment has on all its instances, and who is live."""
        model = self.cloud.model
        found = {
            each.name: each.running.rpartition("-")[0]
            for each in model.environments.values()
            if not each.is_ended
        }
        live = [
            each.name
            for each in model.environments.values()
            if each.cname.startswith(f"{DESK.address}.")
        ]
        return found | {"live": ",".join(live)}

    def outcomes(self) -> list[str]:
        assert self.records().current() is None
        return [record.outcome for record in self.records().past()]


def connect(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Let boto3 reach this cloud, and nothing else."""
    for name, value in {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "111122223333",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


READS = ("Describe", "Get", "List", "Head", "Check")


@dataclass
class Killer:
    """Ends the process at the nth place where the cloud has changed since the one before.

    That is after each call that changes something, before its answer is known, and at each pause,
    in which time goes by. Between two of them a process only reads: to be killed before or after
    that is the same for who comes next.
    """

    at: int = 0
    places: list[str] = field(default_factory=list)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        call = BaseClient._make_api_call  # type: ignore[attr-defined]
        sleep = Rollouts.sleep

        def called(client: BaseClient, name: str, given: dict[str, Any]) -> Any:
            try:
                return call(client, name, given)
            finally:
                if not name.startswith(READS):
                    self.reach(name)

        def slept(rollouts: Rollouts, seconds: float) -> None:
            sleep(rollouts, seconds)
            self.reach("a pause")

        monkeypatch.setattr(BaseClient, "_make_api_call", called)
        monkeypatch.setattr(Rollouts, "sleep", slept)

    def begin(self, at: int) -> None:
        self.at = at
        self.places.clear()

    def reach(self, place: str) -> None:
        self.places.append(place)
        if len(self.places) == self.at:
            raise Killed
