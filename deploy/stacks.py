"""CloudFormation stacks: one per concern, created or changed through change sets."""

from __future__ import annotations

import difflib
import os
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
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
# The role of who releases: made once, by who administers the account; it outlives its stage.
DEPLOYER = "deployer"
# Where a stack has to be, if not where the desk is: CloudFront takes certificates and firewalls
# from one region only. What the others export ends at their region's border, so such a stack is
# handed those of their outputs that it has parameters for.
REGIONS = {"edge": "us-east-1"}

# Never whole, so nothing is kept in it, and CloudFormation takes nothing but its deletion. One that
# could not be deleted is none of these: what holds it may be somebody's data.
_STILLBORN = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
# What a person has to do first, where CloudFormation takes no change.
_IN_THE_WAY = {
    "DELETE_FAILED": "it was being taken away, and something holds it: go on with `down`",
    "UPDATE_ROLLBACK_FAILED": (
        "a change failed, and so did the way back: mend what is named, then aws cloudformation"
        " continue-update-rollback --stack-name {stack}"
    ),
}
_PARAMETERS = re.compile(r"^Parameters:\n((?:[ #].*\n|\n)+)", re.MULTILINE)
_NO_EXPORT = "No export named"
_ELSEWHERE = "DescribeEvents"
# What holds data can't be deleted while this is true. A stack is made without: what failed halfway
# must be taken back, and CloudFormation can't take back what nobody may delete.
GUARDED = "Guarded"

_NOTHING = ("didn't contain changes", "No updates are to be performed")


LEFT, CHANGED = "left as it is", "changed"
# A stack's tag: which of its parameters a person gave, though other stacks say them as well.
_BY_HAND = "tendril:by-hand"


class StackError(Exception):
    """What CloudFormation refused, in its words and with the resource that it was about."""


class NotThereError(StackError):
    """A stack that others need something of does not exist."""


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that a stack made."""

    kind: str  # such as AWS::S3::Bucket
    name: str  # by which its service knows it

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class _Now:
    """An existing stack's."""

    parameters: Mapping[str, str]
    by_hand: frozenset[str]


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
    may_delete: Callable[[str, str], bool] = lambda _stack, _why: False,
    tell: Callable[[str], object] = lambda _told: None,
) -> str:
    """Bring one stack to what its template and these parameters say.

    Returns "created", "changed", "unchanged", or "left as it is" when `agree`, which is shown what
    would change, does not, or `may_delete`, asked for a stack that failed when it was made: nothing
    but its deletion can be done to it. Parameters that the template doesn't know are left out; of
    those not given, a stack that exists keeps its values. A stack that holds data is made in two
    steps: it is GUARDED when it is whole. A stack in another region is handed those that other
    stacks say, but for what was once given by hand: that stays, until it is given as they say it
    (as when the desk moves to containers, and back). `tell` hears of each resource. What another
    process has begun is waited for. Raises StackError.
    """
    _only_here(stage)
    stack = f"tendril-{stage}-{name}"
    try:
        bring = partial(
            _bring, name, stage=stage, parameters=parameters, may_delete=may_delete, tell=tell
        )
        done = bring(agree=agree)
        if done == "created" and stage != "local" and GUARDED in parameters_of(name):
            bring(agree=lambda *_: True)  # it is whole: guard it
    except (BotoCoreError, ClientError) as error:
        kind = NotThereError if _NO_EXPORT in str(error) else StackError
        raise kind(f"{stack}: {error}") from error
    return done


def _bring(
    name: str,
    *,
    stage: str,
    parameters: Mapping[str, str],
    agree: Callable[[str, list[Change]], bool],
    may_delete: Callable[[str, str], bool],
    tell: Callable[[str], object],
) -> str:
    client = _client(name)
    stack = f"tendril-{stage}-{name}"
    pause = 1 if stage == "local" else 5
    body = (INFRA / f"{name}.yaml").read_text()
    handed = _handed(name, stage=stage)
    status = _follow(client, stack, tell, pause)
    if why := _stillborn(client, stack, status):
        if not may_delete(stack, why):
            return LEFT
        delete(name, stage=stage, tell=tell)
        status = ""
    now = _now(client, stack)
    by_hand = _by_hand(name, given=parameters, handed=handed, tagged=now.by_hand if now else ())
    values = {each: value for each, value in handed.items() if each not in by_hand}
    known = {**values, GUARDED: "true" if now else "false", **parameters, "Stage": stage}
    tags = {"tendril:stage": stage, **({_BY_HAND: " ".join(by_hand)} if by_hand else {})}
    with _no_shell(client, stack, was_there=bool(status)) as may_stay:
        change_set = client.create_change_set(
            StackName=stack,
            ChangeSetName=f"up-{time.time_ns()}",
            ChangeSetType="UPDATE" if now else "CREATE",
            TemplateBody=body,
            Parameters=_parameters(client, body, known, now),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )["Id"]
        if not _has_changes(client, change_set):
            client.delete_change_set(ChangeSetName=change_set)
            return "unchanged"
        if not agree(name, _changes(client, change_set)):
            client.delete_change_set(ChangeSetName=change_set)
            return LEFT
        may_stay()
    client.execute_change_set(ChangeSetName=change_set)
    ended = _follow(client, stack, tell, pause)
    if ended not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise StackError(f"{stack} failed ({ended}): {_why(client, stack)}")
    return CHANGED if now else "created"


def delete(
    name: str, *, stage: str, tell: Callable[[str], object] = lambda _told: None
) -> list[Resource]:
    """Delete a stack; nothing if it is not there. What its template keeps. Raises StackError."""
    client, stack = _client(name), f"tendril-{stage}-{name}"
    try:
        # By its number: a deleted stack is no longer found by its name.
        stack_id = client.describe_stacks(StackName=stack)["Stacks"][0].get("StackId", stack)
        client.delete_stack(StackName=stack)
        status = _follow(client, stack_id, tell, 1 if stage == "local" else 5)
        if status not in ("DELETE_COMPLETE", ""):
            why = _why(client, stack_id)
            raise StackError(f"{stack} is {status}, since something in it is still in use: {why}")
        return _skipped(client, stack_id)
    except (BotoCoreError, ClientError) as error:
        if _is_not_there(error):
            return []
        raise StackError(f"{stack}: {error}") from error


def resources(name: str, *, stage: str) -> list[Resource]:
    """What a stack holds; nothing if it is not there. Raises StackError."""
    client, stack = _client(name), f"tendril-{stage}-{name}"
    try:
        pages = list(client.get_paginator("list_stack_resources").paginate(StackName=stack))
    except (BotoCoreError, ClientError) as error:
        if _is_not_there(error):
            return []
        raise StackError(f"{stack}: {error}") from error
    return [
        Resource(each["ResourceType"], each.get("PhysicalResourceId", ""))
        for page in pages
        for each in page["StackResourceSummaries"]
    ]


def left_by(name: str, *, stage: str) -> list[Resource]:
    """What the last stack of this name kept when it was deleted: known for 90 days.

    Raises StackError.
    """
    client, stack = _client(name), f"tendril-{stage}-{name}"
    try:
        pages = client.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
        gone = [
            each for page in pages for each in page["StackSummaries"] if each["StackName"] == stack
        ]
        if not gone:
            return []
        last = max(gone, key=lambda each: each.get("DeletionTime", each["CreationTime"]))
        return _skipped(client, last["StackId"])
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"{stack}: {error}") from error


def is_there(name: str, *, stage: str) -> bool:
    """Whether there is such a stack, whole or not. Raises StackError."""
    try:
        _client(name).describe_stacks(StackName=f"tendril-{stage}-{name}")
    except (BotoCoreError, ClientError) as error:
        if _is_not_there(error):
            return False
        raise StackError(str(error)) from error
    return True


def unknown(given: Collection[str], names: Collection[str]) -> dict[str, list[str]]:
    """What none of these templates has a parameter for, with those that look like it."""
    known = {name for stack in names for name in parameters_of(stack)} - {"Stage"}
    return {
        name: difflib.get_close_matches(name, sorted(known), cutoff=0.5)
        for name in given
        if name not in known
    }


def parameters_of(name: str) -> list[str]:
    """The names of a template's parameters."""
    found = _PARAMETERS.search((INFRA / f"{name}.yaml").read_text())
    return re.findall(r"^  (\w+):", found[1], re.MULTILINE) if found else []


def parameters(name: str, *, stage: str) -> Mapping[str, str]:
    """A stack's parameters with their values; none if it is not there. Raises StackError."""
    stack = f"tendril-{stage}-{name}"
    try:
        now = _now(_client(name), stack)
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"{stack}: {error}") from error
    return now.parameters if now else {}


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
        kind = NotThereError if _is_not_there(error) else StackError
        raise kind(f"{stack}: {error}") from error
    return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}


def _stillborn(client: CloudFormationClient, stack: str, status: str) -> str:
    """Why it can only be deleted; "" if it can be changed.

    Raises StackError where a person has to do something first.
    """
    if status in _IN_THE_WAY:
        told = _IN_THE_WAY[status].format(stack=stack)
        raise StackError(f"{stack} is {status} ({_why(client, stack)}): {told}")
    return f"{status}: {_why(client, stack)}" if status in _STILLBORN else ""


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
            if _is_not_there(error):
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


def _now(client: CloudFormationClient, stack: str) -> _Now | None:
    """None if there is no such stack."""
    try:
        found = client.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if _is_not_there(error):
            return None
        raise
    if found["StackStatus"] == "REVIEW_IN_PROGRESS":  # its change set never ran
        return None
    values = {
        each["ParameterKey"]: each.get("ParameterValue", "") for each in found.get("Parameters", [])
    }
    tags = {each["Key"]: each["Value"] for each in found.get("Tags", [])}
    return _Now(values, frozenset(tags.get(_BY_HAND, "").split()))


def _by_hand(
    name: str,
    *,
    given: Mapping[str, str],
    handed: Mapping[str, str],
    tagged: Collection[str],
) -> list[str]:
    """Which parameters are a person's choice, against what other stacks say."""
    return sorted(
        each
        for each in parameters_of(name)
        if (each in given and each in handed and given[each] != handed[each])
        or (each not in given and each in tagged)
    )


@contextmanager
def _no_shell(
    client: CloudFormationClient, stack: str, *, was_there: bool
) -> Iterator[Callable[[], None]]:
    """A change set that is to make a stack makes its shell first: none is left, unless it may stay.

    Also where the change set was refused, and where this process is stopped at its question.
    """
    stays = [was_there]
    try:
        yield lambda: stays.append(True)
    finally:
        if not any(stays) and _follow(client, stack, lambda _: None, 1) == "REVIEW_IN_PROGRESS":
            client.delete_stack(StackName=stack)


def _parameters(
    client: CloudFormationClient, body: str, given: Mapping[str, str], now: _Now | None
) -> list[Any]:
    known = client.get_template_summary(TemplateBody=body)["Parameters"]
    values: list[Any] = []
    for key in (parameter["ParameterKey"] for parameter in known):
        if key in given:
            values.append({"ParameterKey": key, "ParameterValue": given[key]})
        elif now and key in now.parameters:
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
            if _ELSEWHERE in reason:
                reason = "; ".join(_refused(client, ChangeSetName=change_set)) or reason
            client.delete_change_set(ChangeSetName=change_set)  # its reason is known now
            kind = NotThereError if _NO_EXPORT in reason else StackError
            raise kind(f"{change_set} was refused: {reason}")
        time.sleep(0.2)


def _why(client: CloudFormationClient, stack: str) -> str:
    events = client.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [event for event in events if event.get("ResourceStatus", "").endswith("_FAILED")]
    told = [
        f"{event.get('LogicalResourceId')}: {event.get('ResourceStatusReason', 'no reason')}"
        for event in reversed(failed)
    ]
    if any(_ELSEWHERE in each for each in told):
        told = _refused(client, StackName=stack) or told
    return "; ".join(told) or "no resource says why"


def _refused(client: CloudFormationClient, **what: str) -> list[str]:
    """What CloudFormation found before it began, and tells by another call alone."""
    events = client.describe_events(**what, Filters={"FailedEvents": True})["OperationEvents"]
    return [
        f"{event.get('LogicalResourceId')}: {event['ValidationStatusReason']}"
        for event in events
        if event.get("ValidationStatusReason")
    ]


def _skipped(client: CloudFormationClient, stack_id: str) -> list[Resource]:
    """What DeletionPolicy kept."""
    pages = client.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    return [
        Resource(event.get("ResourceType", ""), event.get("PhysicalResourceId", ""))
        for page in pages
        for event in page["StackEvents"]
        if event.get("ResourceStatus") == "DELETE_SKIPPED"
    ]


def _is_not_there(error: Exception) -> bool:
    return "does not exist" in str(error)
