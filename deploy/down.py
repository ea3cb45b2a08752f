"""Taking a stage away: what it would destroy is said first, and data stays unless it is named."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deploy import stacks
from deploy.beanstalk import Beanstalk
from deploy.stacks import StackError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

# Whoever wants these gone names them. Their resources are kept by their templates even then, where
# DeletionPolicy says so: what is left over is told.
HOLDING = {
    "data": "tickets, files and figures",
    "messaging": "mail that came in, jobs and facts that wait, the archive",
    "identity": "people and their passwords",
}
# Others stand on it: it goes only when nothing holds it any more.
_NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Doomed:
    """What `down` would destroy and keep."""

    environments: list[str]
    stacks: list[str]  # in the order in which they go
    kept: list[str]


def doomed(beanstalk: Beanstalk, *, stage: str, named: Collection[str]) -> Doomed:
    """Raises StackError for a name that holds no data."""
    if unknown := sorted(set(named) - HOLDING.keys()):
        raise StackError(f"{', '.join(unknown)} holds no data: name {', '.join(HOLDING)}")
    there = [name for name in (*stacks.BESIDES, *reversed(stacks.ORDER)) if _is_there(name, stage)]
    kept = [name for name in there if name in HOLDING and name not in named]
    going = [name for name in there if name not in kept]
    if kept and _NETWORK in going:
        going.remove(_NETWORK)
        kept.append(_NETWORK)
    names = sorted(beanstalk.environments()) if "application" in there else []
    return Doomed(names, going, kept)


def take_down(
    beanstalk: Beanstalk, what: Doomed, *, stage: str, tell: Callable[[str], object]
) -> None:
    """Can be repeated: what is gone already is passed over. Raises StackError."""
    for name in what.environments:
        beanstalk.terminate(name)
    for name in what.stacks:
        _delete(name, stage, tell)


def _is_there(name: str, stage: str) -> bool:
    try:
        _client(name).describe_stacks(StackName=f"tendril-{stage}-{name}")
    except ClientError as error:
        if "does not exist" in str(error):
            return False
        raise StackError(str(error)) from error
    except BotoCoreError as error:
        raise StackError(str(error)) from error
    return True


def _delete(name: str, stage: str, tell: Callable[[str], object]) -> None:
    client, stack = _client(name), f"tendril-{stage}-{name}"
    tell(f"  delete the stack {name}")
    try:
        stack_id = client.describe_stacks(StackName=stack)["Stacks"][0].get("StackId", stack)
        client.delete_stack(StackName=stack)
        # By its number: a deleted stack is no longer found by its name.
        while (status := _status(name, stack_id)).endswith("_IN_PROGRESS"):
            time.sleep(1 if stage == "local" else 5)
        if status not in ("DELETE_COMPLETE", ""):
            raise StackError(f"{stack} is {status}: something in it is protected, or still in use")
        events = client.describe_stack_events(StackName=stack_id)["StackEvents"]
    except ClientError as error:
        if "does not exist" in str(error):
            return
        raise StackError(f"{stack}: {error}") from error
    for event in events:
        if event.get("ResourceStatus") == "DELETE_SKIPPED":
            tell(f"    kept: {event.get('PhysicalResourceId')}")


def _status(name: str, stack: str) -> str:
    try:
        return _client(name).describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise


def _client(name: str) -> CloudFormationClient:
    return boto3.client("cloudformation", region_name=stacks.REGIONS.get(name))
