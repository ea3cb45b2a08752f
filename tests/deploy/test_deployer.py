"""What who releases may do, held to the calls that deploy/ makes: all of them, and no others.

Read from the code, and recorded from releases on the small Beanstalk: the reading forgets none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import pytest
from botocore.client import BaseClient

from deploy import consumers, doctor
from deploy.steps import FailedError
from tests.deploy.beanstalk_model import Behaviour
from tests.deploy.beanstalk_server import Cloud
from tests.deploy.rollouts import NEW, WEB, Rollouts
from tests.deploy.templates import listed, matches, of_type, parse, properties, text_of, written
from tests.deploy.test_roles import ROOT, Call, calls_in, operations

# Modules whose calls are not of who releases.
OTHERS = {
    "after.py": "stacks are made by who administers the account",
    "destroying.py": "likewise",
    "edge.py": "likewise",
    "people.py": "likewise: who makes the first administrator",
    "stacks.py": "likewise",
    "leaving.py": "an instance's, of its own role",
    "sqsd.py": "a laptop's and a container's",
}
# Where the permission is not called like the method.
NEEDS: dict[Call, tuple[str, ...]] = {
    ("s3", "head_object"): ("s3:GetObject", "s3:ListBucket"),
    ("s3", "list_objects_v2"): ("s3:ListBucket",),
    ("elasticbeanstalk", "swap_environment_cnames"): ("elasticbeanstalk:SwapEnvironmentCNAMEs",),
}
# What boto3's own helpers call, and `manage.py assets` with the credentials of who releases.
THROUGH = {("s3", "put_object"): "upload_file", ("s3", "list_objects_v2"): "manage.py assets"}


def needed(call: Call) -> tuple[str, ...]:
    service, method = call
    return NEEDS.get(call) or (f"{service}:{operations(service)[method]}",)


def calls() -> dict[Call, set[str]]:
    found: dict[Call, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "deploy").glob("*.py")):
        if path.name not in OTHERS:
            for call in calls_in(path.read_text()):
                found[call].add(path.name)
    for call, who in THROUGH.items():
        found[call].add(who)
    return found


def policy(name: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = properties(parse(text_of("deployer"))["Resources"][name])[
        "PolicyDocument"
    ]["Statement"]
    return statements


def allowed(name: str) -> set[str]:
    return {action for each in policy(name) for action in listed(each["Action"])}


def test_every_call_of_a_release_is_allowed() -> None:
    may = allowed("ReleasePolicy")

    refused = {
        (call, action): sorted(where)
        for call, where in calls().items()
        for action in needed(call)
        if action not in may
    }

    assert refused == {}


def test_nothing_is_allowed_that_no_release_calls() -> None:
    assert allowed("ReleasePolicy") == {action for call in calls() for action in needed(call)}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> set[Call]:
    """The calls that are made, as they are made."""
    made: set[Call] = set()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def called(client: BaseClient, name: str, given: dict[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        methods = {operation: method for method, operation in operations(service).items()}
        made.add((service, methods[name]))
        return call(client, name, given)

    monkeypatch.setattr(BaseClient, "_make_api_call", called)
    return made


def test_whatever_a_release_really_calls_is_among_them(
    made: set[Call], rollouts: Rollouts, cloud: Cloud
) -> None:
    third = "20261103-100000-ccccccc"
    cloud.model.behaviour[third] = Behaviour(failed=10)

    rollouts.release()
    with pytest.raises(FailedError):
        rollouts.release(third)
    rollouts.blue_green().run(rollouts.plan(third))
    rollouts.blue_green().back()
    rollouts.roll_back()
    list(rollouts.records().past())
    doctor.wrong(rollouts.beanstalk(), WEB)
    consumers.ask(rollouts.beanstalk())

    assert made <= calls().keys()
    assert {("elasticbeanstalk", "abort_environment_update"), ("ssm", "send_command")} <= made
    assert len(made) > 20


@pytest.mark.parametrize("name", ["ReleasePolicy", "BehalfPolicy"])
def test_what_can_be_named_is_named_after_the_stage_or_beanstalk(name: str) -> None:
    ours = re.compile(r"(^|[:/])(tendril[-/]|awseb-|elasticbeanstalk-|aws/elasticbeanstalk/)")
    machines = {"Instances", "TheirEnd", "OnOurInstances"}  # EC2 gives them their numbers
    for statement in policy(name):
        for resource in map(written, listed(statement["Resource"])):
            is_wide = resource == "*" or statement["Sid"] in machines
            assert is_wide or ours.search(resource), resource


@pytest.mark.parametrize(
    ("name", "sid"), [("ReleasePolicy", "OnOurInstances"), ("BehalfPolicy", "TheirEnd")]
)
def test_machines_are_told_apart_by_their_environment(name: str, sid: str) -> None:
    (statement,) = [each for each in policy(name) if each["Sid"] == sid]
    ((key, value),) = statement["Condition"]["StringLike"].items()

    assert key.lower().endswith(":resourcetag/elasticbeanstalk:environment-name")
    assert written(value) == "tendril-${Stage}-*"


def test_another_stages_record_is_not_touched() -> None:
    """Bundles lie beside each other, under labels that begin with a year."""
    objects = [
        written(resource).partition("/")[2]
        for statement in policy("ReleasePolicy")
        if "s3:PutObject" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if "elasticbeanstalk-" in written(resource)
    ]
    mine = [each.replace("${Stage}", "staging") for each in objects]

    def may(key: str) -> bool:
        return any(matches(pattern, key) for pattern in mine)

    assert may(f"tendril/{NEW}-web-0123456789abcdef.zip")
    assert may("tendril/staging/underway.json")
    assert may(f"tendril/staging/releases/20261102-083000-{NEW}.json")
    assert not may("tendril/production/underway.json")


def test_a_policy_is_no_longer_than_iam_takes() -> None:
    longest = {
        "${AWS::Partition}": "aws",
        "${AWS::Region}": "ap-southeast-2",
        "${AWS::AccountId}": "111122223333",
        "${Stage}": "s" * 16,
    }
    for name, resource in of_type(parse(text_of("deployer")), "AWS::IAM::ManagedPolicy"):
        document = repr(properties(resource)["PolicyDocument"])
        for placeholder, value in longest.items():
            document = document.replace(placeholder, value)

        assert len("".join(document.split())) < 6144, name


def test_every_exception_still_is_one() -> None:
    assert all(list(calls_in((ROOT / "deploy" / name).read_text())) for name in OTHERS)
    assert NEEDS.keys() | THROUGH.keys() <= calls().keys()
