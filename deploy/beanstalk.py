"""Elastic Beanstalk in the words of a release: each change can be repeated, and is waited for.

What is under way is read from Beanstalk itself, so that whoever comes after a broken connection or
a killed process finds it. A change whose answer was lost is looked for before it is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from deploy.clock import Clock
from deploy.names import Desk

if TYPE_CHECKING:
    from mypy_boto3_elasticbeanstalk import ElasticBeanstalkClient
    from mypy_boto3_elasticbeanstalk.type_defs import EnvironmentDescriptionTypeDef

# Beanstalk answers "Throttling" to a few calls a second, from all who work in the account.
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 10})
# Swapping twice is swapping back: a call whose answer was lost must not be repeated unseen.
ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})

LOOK = 20  # seconds between two looks at an environment
STUCK = timedelta(minutes=60)  # no step of a desk this size takes longer, a canary's time apart
COMMAND = "aws:elasticbeanstalk:command"
SPLITTING = "aws:elasticbeanstalk:trafficsplitting"
Option = tuple[str, str]  # namespace and name
_ENDED = ("Terminated", "Terminating")
# An environment that is under way, or has nothing under way, refuses: whoever asks looks again.
_STATE = "InvalidParameterValue"


class BeanstalkError(Exception):
    """What Beanstalk refused or did not do, with its own words for it."""


class StuckError(BeanstalkError):
    """An environment that comes to no end. The command can be run again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    name: str
    id: str
    tier: str  # "web" or "worker"
    version: str
    status: str  # such as Ready, Updating, Aborting
    health: str  # Green, Yellow, Red or Grey
    cname: str
    updated: datetime

    @property
    def is_ready(self) -> bool:
        return self.status == "Ready"

    def has_address(self, prefix: str) -> bool:
        return self.cname.partition(".")[0].lower() == prefix.lower()


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime
    severity: str
    message: str


class Beanstalk:
    """One desk's environments. With `is_dry`, changes are told and not made."""

    def __init__(
        self, desk: Desk, clock: Clock, tell: Callable[[str], object], *, is_dry: bool = False
    ) -> None:
        self.desk, self.clock, self.tell, self.is_dry = desk, clock, tell, is_dry
        self.client: ElasticBeanstalkClient = boto3.client("elasticbeanstalk", config=PATIENT)
        self.once: ElasticBeanstalkClient = boto3.client("elasticbeanstalk", config=ONCE)

    # What there is

    def environments(self) -> dict[str, Environment]:
        """Those that are not ended, by name."""
        found = self.client.describe_environments(
            ApplicationName=self.desk.application, IncludeDeleted=False
        )["Environments"]
        known = [_environment(each) for each in found]
        return {each.name: each for each in known if each.status not in _ENDED}

    def environment(self, name: str) -> Environment:
        """Raises BeanstalkError if there is none."""
        found = self.environments().get(name)
        if found is None:
            raise BeanstalkError(f"there is no environment {name}")
        return found

    def live(self) -> Environment | None:
        """The web environment that people reach."""
        return next(
            (
                each
                for each in self.environments().values()
                if each.tier == "web" and each.has_address(self.desk.address)
            ),
            None,
        )

    def settings(self, name: str) -> dict[Option, str]:
        """Those that an environment has: not those that are on their way, or came to nothing."""
        return self._settings(EnvironmentName=name)

    def template_settings(self, template: str) -> dict[Option, str]:
        return self._settings(TemplateName=template)

    def _settings(self, **which: str) -> dict[Option, str]:
        found = self.client.describe_configuration_settings(
            ApplicationName=self.desk.application, **which
        )["ConfigurationSettings"]
        deployed = [each for each in found if each.get("DeploymentStatus") == "deployed"]
        return {
            (option["Namespace"], option["OptionName"]): option.get("Value", "")
            for option in (deployed or found)[0].get("OptionSettings", [])
        }

    def events(self, name: str, since: datetime) -> list[Event]:
        found = self.client.describe_events(
            ApplicationName=self.desk.application, EnvironmentName=name, StartTime=since
        )["Events"]
        return [Event(each["EventDate"], each["Severity"], each["Message"]) for each in found]

    def errors(self, name: str, since: datetime) -> list[str]:
        return [each.message for each in self.events(name, since) if each.severity == "ERROR"]

    def deployed_at(self, name: str, version: str) -> datetime | None:
        """When the first instance had this version: not before then it gets its share."""
        found = self.client.describe_instances_health(
            EnvironmentName=name, AttributeNames=["Deployment"]
        )["InstanceHealthList"]
        times = [
            each["Deployment"]["DeploymentTime"]
            for each in found
            if each.get("Deployment", {}).get("VersionLabel") == version
            and each["Deployment"].get("Status") == "Deployed"
        ]
        return min(times, default=None)

    def instances(self, name: str) -> list[str]:
        """Their ids."""
        found = self.client.describe_environment_resources(EnvironmentName=name)
        return [each["Id"] for each in found["EnvironmentResources"].get("Instances", [])]

    def version_description(self, version: str) -> str | None:
        """None if there is no such version."""
        found = self._versions([version])
        return found[0].get("Description", "") if found else None

    def check_address(self, prefix: str) -> None:
        """Raises BeanstalkError if an environment to come can't have it."""
        found = self.client.check_dns_availability(CNAMEPrefix=prefix)
        if not found["Available"]:
            raise BeanstalkError(
                f"{found.get('FullyQualifiedCNAME', prefix)} is taken, perhaps by an environment of"
                " another account: such names are unique in a region. That of an environment which"
                " was just ended is free some minutes later; otherwise choose another: python -m"
                f" deploy up --stage {self.desk.stage} --set DeskAddress=..."
            )

    # What is changed

    def make_bucket(self) -> None:
        """Beanstalk's own in this region; nothing if it is there."""
        if not self.is_dry:
            self.client.create_storage_location()

    def ensure_version(self, version: str, *, bucket: str, key: str, description: str) -> None:
        """An application version of a bundle that is in the bucket."""
        if self._versions([version]):
            return
        if not self._may(f"make the application version {version}"):
            return
        try:
            self.client.create_application_version(
                ApplicationName=self.desk.application,
                VersionLabel=version,
                Description=description,
                SourceBundle={"S3Bucket": bucket, "S3Key": key},
                # Beanstalk reads .ebextensions now, not when instances wait for it.
                Process=True,
            )
        except ClientError as error:
            if not self._versions([version]):  # not made by a call whose answer was lost
                raise _said(error) from error

    def wait_for_versions(self, versions: Collection[str]) -> None:
        if self.is_dry:
            return
        until = self.clock.now() + STUCK
        while True:
            found = {
                each["VersionLabel"]: each["Status"] for each in self._versions(list(versions))
            }
            failed = [name for name, status in found.items() if status == "Failed"]
            if failed:
                raise BeanstalkError(f"Beanstalk can't read {', '.join(failed)}: see its events")
            # A version that was made without being processed stays as it is, and can be used.
            if all(found.get(name) in ("Processed", "Unprocessed") for name in versions):
                return
            self._pause(until, "the application versions are still being read")

    def update(self, name: str, version: str) -> None:
        """Begin to bring an environment to a version. Nothing if it is on its way already.

        A version alone: Beanstalk refuses a call that changes options as well.
        """
        if not self._may(f"deploy {version} to {name}"):
            return
        try:
            self.client.update_environment(EnvironmentName=name, VersionLabel=version)
        except ClientError as error:
            now = self.environment(name)
            if not _is_state(error) or (now.is_ready and now.version != version):
                raise _said(error) from error

    def configure(self, name: str, settings: Mapping[Option, str]) -> None:
        """Options alone. Waits until the environment is ready again."""
        now = self.settings(name)
        if all(now.get(option) == value for option, value in settings.items()):
            return
        told = ", ".join(f"{option[1]}={value}" for option, value in settings.items())
        if not self._may(f"set {told} of {name}"):
            return
        self.wait(name)
        self.client.update_environment(EnvironmentName=name, OptionSettings=_options(settings))
        self.wait(name)

    def create(self, name: str, *, tier: str, version: str, template: str, address: str) -> None:
        if name in self.environments():
            return
        if not self._may(f"create {name} from the template {template} with {version}"):
            return
        kind = {"Name": "WebServer", "Type": "Standard"}
        if tier == "worker":
            kind = {"Name": "Worker", "Type": "SQS/HTTP"}
        given: dict[str, Any] = {"CNAMEPrefix": address} if address else {}
        try:
            self.client.create_environment(
                ApplicationName=self.desk.application,
                EnvironmentName=name,
                Tier=kind,  # type: ignore[arg-type]
                TemplateName=template,
                VersionLabel=version,
                **given,
            )
        except ClientError as error:
            if name not in self.environments():
                raise _said(error) from error

    def template_of(self, name: str, template: str) -> None:
        """A configuration template like an environment, with what was changed by hand as well."""
        if not self._may(f"take {name}'s configuration as the template {template}"):
            return
        environment = self.environment(name)
        try:
            self.client.create_configuration_template(
                ApplicationName=self.desk.application,
                TemplateName=template,
                EnvironmentId=environment.id,
            )
        except ClientError as error:
            if "already exists" not in str(error):
                raise _said(error) from error

    def drop_template(self, template: str) -> None:
        if self._may(f"remove the template {template}"):
            # Beanstalk answers alike when there is none.
            self.client.delete_configuration_template(
                ApplicationName=self.desk.application, TemplateName=template
            )

    def abort(self, name: str) -> None:
        """Send back what is under way. Nothing if nothing is."""
        if not self._may(f"abort what is under way in {name}"):
            return
        try:
            self.client.abort_environment_update(EnvironmentName=name)
        except ClientError as error:
            if not _is_state(error):  # it ended by itself, or is going back already
                raise _said(error) from error

    def swap(self, source: str, destination: str) -> None:
        """Swap two addresses, once. Whoever repeats it looks at who is live first."""
        if not self._may(f"swap the addresses of {source} and {destination}"):
            return
        before = self.environment(source).cname
        try:
            self.once.swap_environment_cnames(
                SourceEnvironmentName=source, DestinationEnvironmentName=destination
            )
        except (ClientError, BotoCoreError) as error:
            self.wait(source, destination)
            if self.environment(source).cname == before:
                raise _said(error) from error
            self.tell("  the answer was lost, and the addresses are swapped")

    def terminate(self, name: str) -> None:
        """End an environment, with its instances and its load balancer. Waits for it."""
        if name in self.environments():
            if not self._may(f"end {name}"):
                return
            self.client.terminate_environment(EnvironmentName=name)
        until = self.clock.now() + STUCK
        while self._is_there(name):
            self._pause(until, f"{name} is still being ended")

    def wait(self, *names: str) -> None:
        """Until these are ready. Raises StuckError, with what their events say."""
        if self.is_dry:
            return
        since, is_told = self.clock.now(), False
        while True:
            now = self.environments()
            busy = [now[name] for name in names if name in now and not now[name].is_ready]
            if not busy:
                return
            told = "; ".join(f"{each.name} is {each.status}" for each in busy)
            if not is_told:
                self.tell(f"  {told}: waiting for it")
                is_told = True
            said = self.errors(busy[0].name, since)
            self._pause(since + STUCK, "; ".join([told, *said]))

    def _is_there(self, name: str) -> bool:
        found = self.client.describe_environments(EnvironmentNames=[name], IncludeDeleted=False)
        return any(each["Status"] != "Terminated" for each in found["Environments"])

    def _versions(self, versions: list[str]) -> list[Any]:
        return self.client.describe_application_versions(
            ApplicationName=self.desk.application, VersionLabels=versions
        )["ApplicationVersions"]

    def _pause(self, until: datetime, told: str) -> None:
        if self.clock.now() >= until:
            raise StuckError(f"{told}. Nothing is lost: run the command again when it has ended.")
        self.clock.sleep(LOOK)

    def _may(self, change: str) -> bool:
        self.tell(f"  would {change}" if self.is_dry else f"  {change}")
        return not self.is_dry


def _environment(found: EnvironmentDescriptionTypeDef) -> Environment:
    return Environment(
        name=found["EnvironmentName"],
        id=found["EnvironmentId"],
        tier="worker" if found["Tier"]["Name"] == "Worker" else "web",
        version=found.get("VersionLabel", ""),
        status=found["Status"],
        health=found.get("Health", "Grey"),
        cname=found.get("CNAME", ""),
        updated=found["DateUpdated"],
    )


def _options(settings: Mapping[Option, str]) -> list[Any]:
    return [
        {"Namespace": namespace, "OptionName": option, "Value": value}
        for (namespace, option), value in settings.items()
    ]


def _is_state(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == _STATE


def _said(error: Exception) -> BeanstalkError:
    return BeanstalkError(str(error))
