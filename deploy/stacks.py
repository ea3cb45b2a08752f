"""CloudFormation stacks: one per concern, created or changed through change sets."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

INFRA = Path(__file__).resolve().parent.parent / "infra"
# Each may use what those before it export.
ORDER = ("network", "data", "messaging", "identity", "application", "edge", "observability")
# In the place of Beanstalk's environments, once somebody wants them (infra/containers.yaml).
BESIDES = ("containers",)
# Where a stack has to be, if not where the desk is: CloudFront takes certificates and firewalls
# from one region only. What the others export ends at their region's border, so such a stack is
# handed those of their outputs that it has parameters for.
REGIONS = {"edge": "us-east-1"}

# What holds data can't be deleted while this is true. A stack is made without: what failed halfway
# must be taken back, and CloudFormation can't take back what nobody may delete.
GUARDED = "Guarded"

_NOTHING = ("didn't contain changes", "No updates are to be performed")


class StackError(Exception):
    """What CloudFormation refused, in its words and with the resource that it was about."""


@dataclass(frozen=True, slots=True)
class Change:
    """A resource that a change set would touch."""

    action: str  # Add, Modify, Remove
    resource: str
    kind: str
    is_replaced: bool  # made anew: what the old one held is gone with it

    def __str__(self) -> str:
        anew = ", made anew" if self.is_replaced else ""
        return f"{self.action} {self.resource} ({self.kind}{anew})"


def apply(
    name: str,
    *,
    stage: str,
    parameters: Mapping[str, str],
    agree: Callable[[str, list[Change]], bool] = lambda _name, _changes: True,
    tell: Callable[[str], object] = lambda _told: None,
) -> str:
    """Bring one stack to what its template and these parameters say.

    Returns "created", "changed", "unchanged", or "left as it is" when `agree`, which is shown what
    would change, does not. Parameters that the template doesn't know are left out; of those not
    given, a stack that exists keeps its values. A stack that holds data is made in two steps: it is
    GUARDED when it is whole. `tell` hears of each resource. What another process has begun is
    waited for. Raises StackError.
    """
    _only_here(stage)
    client = _client(name)
    stack = f"tendril-{stage}-{name}"
    pause = 1 if stage == "local" else 5
    body = (INFRA / f"{name}.yaml").read_text()
    handed = _handed(name, stage=stage)
    try:
        _follow(client, stack, tell, pause)
        now = _parameters_now(client, stack)
        exists = now is not None
        known = {**handed, GUARDED: "true" if exists else "false", **parameters, "Stage": stage}
        given = _parameters(client, body, known, now or set())
        change_set = client.create_change_set(
            StackName=stack,
            ChangeSetName=f"up-{time.time_ns()}",
            ChangeSetType="UPDATE" if exists else "CREATE",
            TemplateBody=body,
            Parameters=given,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Tags=[{"Key": "tendril:stage", "Value": stage}],
        )["Id"]
        if not _has_changes(client, change_set):
            client.delete_change_set(ChangeSetName=change_set)
            return "unchanged"
        if not agree(name, _changes(client, change_set)):
            client.delete_change_set(ChangeSetName=change_set)
            return "left as it is"
        client.execute_change_set(ChangeSetName=change_set)
        ended = _follow(client, stack, tell, pause)
        if ended not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise StackError(f"{stack} failed ({ended}): {_why(client, stack)}")
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"{stack}: {error}") from error
    if exists:
        return "changed"
    if stage != "local" and any(each["ParameterKey"] == GUARDED for each in given):
        apply(name, stage=stage, parameters=parameters, tell=tell)  # it is whole: guard it
    return "created"


def output(name: str, key: str, *, stage: str) -> str:
    """What a stack says of itself. Raises StackError."""
    values = outputs(name, stage=stage)
    if key not in values:
        raise StackError(f"tendril-{stage}-{name} says no {key}, but {', '.join(sorted(values))}")
    return values[key]


def outputs(name: str, *, stage: str) -> dict[str, str]:
    """All that a stack says of itself. Raises StackError."""
    stack = f"tendril-{stage}-{name}"
    try:
        found = _client(name).describe_stacks(StackName=stack)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"{stack}: {error}") from error
    return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}


def _only_here(stage: str) -> None:
    """What is made for a laptop guards no data. Raises StackError where AWS would make it."""
    here = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CLOUDFORMATION")
    if stage == "local" and not any(os.environ.get(name) for name in here):
        raise StackError(
            "the stage local is for a local AWS, which AWS_ENDPOINT_URL names: take another stage"
        )


def _client(name: str) -> CloudFormationClient:
    return boto3.client("cloudformation", region_name=REGIONS.get(name))


def _handed(name: str, *, stage: str) -> dict[str, str]:
    """What the stacks before it say, for one that is elsewhere and can import none of it."""
    if name not in REGIONS:
        return {}
    found: dict[str, str] = {}
    for before in ORDER[: ORDER.index(name)]:
        found |= outputs(before, stage=stage)
    return found


def _changes(client: CloudFormationClient, change_set: str) -> list[Change]:
    pages = client.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
    found = [each["ResourceChange"] for page in pages for each in page.get("Changes", ())]
    return [
        Change(
            each.get("Action", ""),
            each.get("LogicalResourceId", ""),
            each.get("ResourceType", ""),
            each.get("Replacement", "False") != "False",
        )
        for each in found
    ]


def _follow(
    client: CloudFormationClient, stack: str, tell: Callable[[str], object], pause: float
) -> str:
    """The status in which it ended what it was at; "" if there is no such stack."""
    seen: set[str] = set()
    is_first = True
    while True:
        try:
            status = client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        except ClientError as error:
            if "does not exist" in str(error):
                return ""
            raise
        events = client.describe_stack_events(StackName=stack)["StackEvents"]
        for event in reversed(events):
            # Those that stood there already are of the time before.
            if event["EventId"] not in seen and not is_first:
                tell(f"{event.get('LogicalResourceId')} {event.get('ResourceStatus')}")
            seen.add(event["EventId"])
        if not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
            return status
        is_first = False
        time.sleep(pause)


def _parameters_now(client: CloudFormationClient, stack: str) -> set[str] | None:
    """The names of an existing stack's parameters; None if there is no such stack."""
    try:
        found = client.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    if found["StackStatus"] == "REVIEW_IN_PROGRESS":  # its change set never ran
        return None
    if found["StackStatus"] == "ROLLBACK_COMPLETE":
        # It was never whole, and CloudFormation takes nothing but its deletion.
        raise StackError(
            f"{stack} failed when it was made ({_why(client, stack)}): delete it first"
        )
    return {parameter["ParameterKey"] for parameter in found.get("Parameters", [])}


def _parameters(
    client: CloudFormationClient, body: str, given: Mapping[str, str], kept: Collection[str]
) -> list[Any]:
    known = client.get_template_summary(TemplateBody=body)["Parameters"]
    values: list[Any] = []
    for key in (parameter["ParameterKey"] for parameter in known):
        if key in given:
            values.append({"ParameterKey": key, "ParameterValue": given[key]})
        elif key in kept:
            values.append({"ParameterKey": key, "UsePreviousValue": True})
    return values


def _has_changes(client: CloudFormationClient, change_set: str) -> bool:
    while True:
        found = client.describe_change_set(ChangeSetName=change_set)
        status, reason = found["Status"], found.get("StatusReason", "")
        if status == "CREATE_COMPLETE":
            return True
        if status == "FAILED":
            if any(text in reason for text in _NOTHING):
                return False
            raise StackError(f"{change_set} was refused: {reason}")
        time.sleep(0.2)


def _why(client: CloudFormationClient, stack: str) -> str:
    events = client.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [event for event in events if event.get("ResourceStatus", "").endswith("_FAILED")]
    told = [
        f"{event.get('LogicalResourceId')}: {event.get('ResourceStatusReason', 'no reason')}"
        for event in reversed(failed)
    ]
    return "; ".join(told) or "no resource says why"
