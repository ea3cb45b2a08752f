"""CloudFormation stacks: one per concern, created or changed through change sets."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

INFRA = Path(__file__).resolve().parent.parent / "infra"
# Each may use what those before it export.
ORDER = ("data", "messaging", "identity", "observability")

_NOTHING = ("didn't contain changes", "No updates are to be performed")


class StackError(Exception):
    """What CloudFormation refused, in its words and with the resource that it was about."""


def apply(name: str, *, stage: str, parameters: Mapping[str, str]) -> str:
    """Bring one stack to what its template and these parameters say.

    Returns "created", "changed" or "unchanged". Parameters that the template doesn't know are left
    out; of those not given, a stack that exists keeps its values. Raises StackError.
    """
    client = boto3.client("cloudformation")
    stack = f"tendril-{stage}-{name}"
    body = (INFRA / f"{name}.yaml").read_text()
    try:
        now = _parameters_now(client, stack)
        exists = now is not None
        change_set = client.create_change_set(
            StackName=stack,
            ChangeSetName=f"up-{time.time_ns()}",
            ChangeSetType="UPDATE" if exists else "CREATE",
            TemplateBody=body,
            Parameters=_parameters(client, body, {**parameters, "Stage": stage}, now or set()),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Tags=[{"Key": "tendril:stage", "Value": stage}],
        )["Id"]
        if not _has_changes(client, change_set):
            client.delete_change_set(ChangeSetName=change_set)
            return "unchanged"
        client.execute_change_set(ChangeSetName=change_set)
        done = "stack_update_complete" if exists else "stack_create_complete"
        client.get_waiter(done).wait(  # type: ignore[call-overload]
            StackName=stack, WaiterConfig={"Delay": 1 if stage == "local" else 10}
        )
    except WaiterError as error:
        raise StackError(f"{stack} failed: {_why(client, stack)}") from error
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"{stack}: {error}") from error
    return "changed" if exists else "created"


def output(name: str, key: str, *, stage: str) -> str:
    """What a stack says of itself. Raises StackError."""
    stack = f"tendril-{stage}-{name}"
    try:
        found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"{stack}: {error}") from error
    values = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    if key not in values:
        raise StackError(f"{stack} says no {key}, but {', '.join(sorted(values))}")
    return values[key]


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
