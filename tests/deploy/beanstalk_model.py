"""What a Beanstalk of a test remembers, and how its environments change as time goes by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

COMMAND = "aws:elasticbeanstalk:command"
SPLITTING = "aws:elasticbeanstalk:trafficsplitting"
LAUNCH = timedelta(seconds=100)
ABORT = timedelta(seconds=90)
SWAP = timedelta(seconds=60)
PROCESS = timedelta(seconds=30)
REGION = "eu-central-1.elasticbeanstalk.com"
Settings = dict[tuple[str, str], str]
# As CloudFormation names what has no name of its own.
WEB_TEMPLATE, WORKER_TEMPLATE = "tendril-test-Web-1A2B3C4D5E6F", "tendril-test-Work-6F5E4D3C2B1A"
TEMPLATES: dict[str, Settings] = {
    WEB_TEMPLATE: {
        (COMMAND, "DeploymentPolicy"): "TrafficSplitting",
        (SPLITTING, "EvaluationTime"): "9",
        (SPLITTING, "NewVersionPercent"): "10",
    },
    WORKER_TEMPLATE: {(COMMAND, "DeploymentPolicy"): "Immutable"},
}


class Refused(Exception):
    """The service's answer to what it can't do."""

    def __init__(self, message: str, code: str = "InvalidParameterValue") -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Environment:
    name: str
    id: str
    tier: str
    version: str  # that it is said to have
    cname: str
    updated: datetime
    settings: Settings
    draft: Settings | None = None  # on their way
    status: str = "Ready"
    health: str = "Green"
    running: str = ""  # what all its instances have, but for a canary's
    canary: str = ""  # what new instances have, while an update is under way
    deployed: datetime | None = None  # since when they have it
    is_ended: bool = False


@dataclass
class Behaviour:
    """What a build does with a hundred requests in a minute."""

    failed: int = 0
    slow: int = 5
    raised: int = 2


@dataclass
class Span:
    """A build that serves so many hundreds of requests a minute."""

    build: str
    hundreds: int
    since: datetime
    until: datetime | None = None


@dataclass
class Model:
    now: datetime = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    environments: dict[str, Environment] = field(default_factory=dict)
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    templates: dict[str, Settings] = field(default_factory=lambda: dict(TEMPLATES))
    events: list[tuple[datetime, str, str, str]] = field(default_factory=list)
    spans: dict[str, list[Span]] = field(default_factory=dict)
    due: list[tuple[datetime, str, Callable[[], None]]] = field(default_factory=list)
    behaviour: dict[str, Behaviour] = field(default_factory=dict)
    alarms: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    sick: set[str] = field(default_factory=set)  # versions whose instances never become healthy
    unwanted: set[tuple[str, str]] = field(default_factory=set)  # options that come to nothing
    refused: set[tuple[str, str]] = field(default_factory=set)  # and those that it doesn't take
    stuck: set[str] = field(default_factory=set)  # environments whose changes never end
    taken: set[str] = field(default_factory=set)  # addresses that other accounts have
    is_silent: bool = False  # no figures come
    # Whether an environment is said to have a version as soon as it is asked for: nobody promises
    # the one or the other.
    shows_new_at_once: bool = False
    numbers: count[int] = field(default_factory=lambda: count(1))

    # Time

    def advance(self, seconds: float) -> None:
        """Let time go by, and what is due happen at its time."""
        until = self.now + timedelta(seconds=seconds)
        while ripe := [each for each in self.due if each[0] <= until and each[1] not in self.stuck]:
            first = min(ripe, key=lambda each: each[0])
            self.due.remove(first)
            self.now = max(self.now, first[0])
            first[2]()
        self.now = until

    def later(self, name: str, after: timedelta, do: Callable[[], None]) -> None:
        self.due.append((self.now + after, name, do))

    def say(self, name: str, severity: str, message: str) -> None:
        self.events.append((self.now, name, severity, message))

    # Environments

    def ready(self, name: str) -> Environment:
        each = self.environments.get(name)
        if each is None or each.is_ended:
            raise Refused(f"No Environment found for EnvironmentName = '{name}'.")
        if each.status != "Ready":
            raise Refused(
                f"Environment named {name} is in an invalid state for this operation."
                " Must be Ready."
            )
        return each

    def turn(self, name: str, status: str) -> None:
        each = self.environments[name]
        each.status, each.updated = status, self.now

    def run(self, name: str, version: str) -> None:
        """Let an environment have a version on all its instances."""
        each = self.environments[name]
        each.version = each.running = version
        each.health = "Red" if version in self.sick else "Green"
        each.canary, each.deployed = "", None
        self.serve(name, {version: 10})
        self.turn(name, "Ready")

    def create(self, name: str, tier: str, version: str, template: str, address: str) -> None:
        there = self.environments.get(name)
        if there and not there.is_ended:
            raise Refused(f"Environment {name} already exists.")
        if template not in self.templates:
            raise Refused(f"No Configuration Template named '{template}' found.")
        cname = f"{address or name}.{REGION}"
        if not self.is_free(cname):
            raise Refused(f"DNS name ({cname}) is not available.")
        self.environments[name] = Environment(
            name=name,
            id=f"e-{next(self.numbers):010d}",
            tier=tier,
            version=version,
            cname=cname,
            updated=self.now,
            settings=dict(self.templates[template]),
            status="Launching",
        )
        self.later(name, LAUNCH, lambda: self.run(name, version))

    def is_free(self, cname: str) -> bool:
        mine = {each.cname for each in self.environments.values()}
        return cname not in mine and cname.partition(".")[0] not in self.taken

    def update(self, name: str, version: str, settings: Settings) -> None:
        each = self.ready(name)
        if version and version not in self.versions:
            raise Refused(f"No Application Version named '{version}' found.")
        if version and settings:
            raise Refused(
                "You can't update both the version and the configuration.",
                "InvalidParameterCombination",
            )
        if self.refused & settings.keys():
            raise Refused("Invalid option value")
        self.turn(name, "Updating")
        if not version:
            each.draft = each.settings | settings
            self.later(name, timedelta(seconds=30), lambda: self.settle(name))
            return
        each.canary = version
        if self.shows_new_at_once:
            each.version = version
        is_split = each.settings[COMMAND, "DeploymentPolicy"] == "TrafficSplitting"
        if version in self.sick:
            self.later(name, LAUNCH, lambda: self.back(name))
        elif is_split:
            minutes = int(each.settings[SPLITTING, "EvaluationTime"])
            self.later(name, LAUNCH, lambda: self.split(name))
            self.later(name, LAUNCH + timedelta(minutes=minutes), lambda: self.run(name, version))
        else:
            self.later(name, LAUNCH, lambda: self.run(name, version))

    def settle(self, name: str) -> None:
        each = self.environments[name]
        draft, each.draft = each.draft or {}, None
        if self.unwanted & {
            option for option in draft if draft[option] != each.settings.get(option)
        }:
            self.say(name, "ERROR", "Failed to update the configuration.")
        else:
            each.settings = draft
        self.turn(name, "Ready")

    def split(self, name: str) -> None:
        each = self.environments[name]
        each.deployed = self.now
        self.serve(name, {each.running: 9, each.canary: 1})

    def back(self, name: str) -> None:
        self.say(name, "ERROR", "Failed to deploy application.")
        self.run(name, self.environments[name].running)

    def abort(self, name: str) -> None:
        each = self.environments[name]
        if each.draft is not None:
            self.due = [due for due in self.due if due[1] != name]
            each.draft = None
            self.turn(name, "Ready")
            return
        if each.status != "Updating" or not each.canary:
            raise Refused(f"Environment named {name} is in an invalid state for this operation.")
        self.due = [due for due in self.due if due[1] != name]
        self.turn(name, "Aborting")
        self.serve(name, {each.running: 10})
        self.later(name, ABORT, lambda: self.back(name))

    def swap(self, source: str, destination: str) -> None:
        first, second = self.ready(source), self.ready(destination)
        first.cname, second.cname = second.cname, first.cname
        for name in (source, destination):
            self.turn(name, "Updating")
            self.later(name, SWAP, lambda name=name: self.turn(name, "Ready"))  # type: ignore[misc]

    def terminate(self, name: str) -> None:
        each = self.environments[name]

        def end() -> None:
            self.turn(name, "Terminated")
            each.is_ended, each.cname = True, ""
            self.serve(name, {})

        self.turn(name, "Terminating")
        self.later(name, LAUNCH, end)

    # Who serves how much

    def serve(self, name: str, hundreds: dict[str, int]) -> None:
        spans = self.spans.setdefault(name, [])
        for span in spans:
            span.until = span.until or self.now
        spans += [
            Span(version.rpartition("-")[0], many, self.now) for version, many in hundreds.items()
        ]

    def hundreds(self, build: str, minute: datetime) -> int:
        """How many hundreds of requests a build had in a minute, at the web that is live."""
        found = [
            span.hundreds
            for name, spans in self.spans.items()
            if "-web" in name
            for span in spans
            if span.build == build
            and span.since <= minute + timedelta(minutes=1)
            and (span.until is None or span.until > minute)
        ]
        return 0 if self.is_silent else max(found, default=0)
