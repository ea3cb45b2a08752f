"""What the desk's roles may do, held to the calls that its code makes: all of them, and no others.

A call that no role may make fails here and not on a Friday. Whether AWS wants more than the action
that a call is named after only an account can prove; where that is known it stands in the tables.
"""

from __future__ import annotations

import ast
import functools
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from deploy import stacks
from tests.deploy.templates import (
    listed,
    matches,
    of_type,
    parse,
    properties,
    text_of,
    written,
)

ROOT = stacks.INFRA.parent
Call = tuple[str, str]  # a service as boto3 names it, and a method of its client

# What libraries call for us.
THROUGH = {
    "django-storages": [
        ("s3", "head_object"),
        ("s3", "upload_fileobj"),
        ("s3", "abort_multipart_upload"),
    ],
    "kombu": [
        ("sqs", "send_message"),
        ("sqs", "receive_message"),
        ("sqs", "delete_message"),
        ("sqs", "delete_message_batch"),
    ],
    "what signs links to S3": [("s3", "get_object"), ("s3", "put_object")],
}
# Where the permission is not called like the method.
NEEDS: dict[Call, tuple[str, ...]] = {
    # An older version is copied when a file is brought back.
    ("s3", "copy_object"): ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"),
    ("s3", "delete_object"): ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    ("s3", "abort_multipart_upload"): ("s3:AbortMultipartUpload",),
    ("s3", "head_object"): ("s3:GetObject", "s3:ListBucket"),
    ("s3", "list_object_versions"): ("s3:ListBucketVersions",),
    ("s3", "list_objects_v2"): ("s3:ListBucket",),
    ("s3", "upload_fileobj"): ("s3:PutObject",),
    # A mail that comes whole is a raw one to SES, whichever version of its API brings it.
    ("sesv2", "send_email"): ("ses:SendEmail", "ses:SendRawEmail"),
    ("sesv2", "delete_suppressed_destination"): ("ses:DeleteSuppressedDestination",),
    ("sns", "publish_batch"): ("sns:Publish",),
    ("sqs", "change_message_visibility_batch"): ("sqs:ChangeMessageVisibility",),
    ("sqs", "delete_message_batch"): ("sqs:DeleteMessage",),
    ("sts", "get_caller_identity"): (),  # anybody may ask who they are
}
# The relay runs on workers alone.
WORKERS_ONLY = {("sns", "publish_batch"), ("kinesis", "put_records")}
# Permissions of the two policies that no call of ours needs, and why they are there.
BESIDES = {
    "sqs:GetQueueUrl": "sqsd's",
    "xray:PutTraceSegments": "telemetry's",
    "xray:PutTelemetryRecords": "likewise",
}


def calls_in(source: str) -> Iterator[Call]:
    """Of a module that has clients: methods that theirs have, paginators and signed calls."""
    tree = ast.parse(source)
    called = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    names = {(node.func.attr, first(node)) for node in called}  # type: ignore[attr-defined]
    for service in {name for method, name in names if method == "client" and name}:
        for method, name in names:
            asked = name if method in {"get_paginator", "generate_presigned_url"} else method
            if asked in operations(service):
                yield service, asked


@functools.cache
def operations(service: str) -> dict[str, str]:
    """The API's own names, by those of a client's methods."""
    model = botocore.session.Session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}


def first(call: ast.Call) -> str:
    """The first argument, where it is a plain text."""
    value = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
    return value if isinstance(value, str) else ""


def calls() -> dict[Call, set[str]]:
    """Every call of the desk, and where it is made."""
    found: dict[Call, set[str]] = defaultdict(set)
    for folder in ("apps", "project"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for call in calls_in(path.read_text()):
                found[call].add(path.relative_to(ROOT).as_posix())
    for who, theirs in THROUGH.items():
        for call in theirs:
            found[call].add(who)
    return found


def needed(call: Call) -> tuple[str, ...]:
    service, method = call
    return NEEDS[call] if call in NEEDS else (f"{service}:{operations(service)[method]}",)


def policies(role: str, template: str) -> list[str]:
    """The logical names of our own policies that a role has."""
    resource = parse(text_of(template))["Resources"][role]
    names = [written(each) for each in listed(properties(resource)["ManagedPolicyArns"])]
    exported = {
        "${import tendril-${Stage}-desk-policy}": "DeskPolicy",
        "${import tendril-${Stage}-work-policy}": "WorkPolicy",
    }
    return [exported.get(name, name.strip("${}")) for name in names]


def allowed(*names: str) -> list[dict[str, Any]]:
    """The statements of these policies."""
    application = dict(of_type(parse(text_of("application")), "AWS::IAM::ManagedPolicy"))
    return [
        statement
        for name in names
        for statement in properties(application[name])["PolicyDocument"]["Statement"]
    ]


def actions(statements: list[dict[str, Any]]) -> set[str]:
    return {action for each in statements for action in listed(each["Action"])}


ROLES = [("WebRole", "application"), ("WebRole", "containers")]
ROLES += [("WorkerRole", "application"), ("WorkerRole", "containers")]


@pytest.mark.parametrize(("role", "template"), ROLES)
def test_a_role_may_make_every_call_of_its_processes(role: str, template: str) -> None:
    may = actions(allowed(*policies(role, template)))
    others = WORKERS_ONLY if role == "WebRole" else set()

    refused = {
        (call, action): sorted(where)
        for call, where in calls().items()
        for action in needed(call)
        if call not in others and not any(matches(pattern, action) for pattern in may)
    }

    assert refused == {}


def test_no_role_may_do_what_nobody_calls() -> None:
    may = actions(allowed("DeskPolicy", "WorkPolicy"))
    wanted = {action for call in calls() for action in needed(call)}

    assert may - wanted - BESIDES.keys() == set()
    assert BESIDES.keys() <= may


@pytest.mark.parametrize("template", ["application", "containers"])
def test_the_web_receives_no_job(template: str) -> None:
    """Only what was given up, which staff read there."""
    for statement in allowed(*policies("WebRole", template)):
        if "sqs:ReceiveMessage" in listed(statement["Action"]):
            assert [
                written(name).partition("tendril-${Stage}-")[2]
                for name in listed(statement["Resource"])
            ] == ["dead", "worker-dead"]


@pytest.mark.parametrize("template", ["application", "containers"])
def test_the_web_tells_no_facts(template: str) -> None:
    may = actions(allowed(*policies("WebRole", template)))

    assert may & {"sns:Publish", "kinesis:PutRecords"} == set()


def test_an_instance_adds_static_files_and_changes_none() -> None:
    """Nobody who gets into one may change a script that all browsers run."""
    of_assets = [
        statement
        for statement in allowed(*policies("WebRole", "application"))
        if any("-assets-" in written(name) for name in listed(statement["Resource"]))
    ]
    writing = [each for each in of_assets if "s3:PutObject" in listed(each["Action"])]

    assert actions(of_assets) == {"s3:PutObject", "s3:GetObject", "s3:ListBucket"}
    assert [each["Condition"] for each in writing] == [{"Null": {"s3:if-none-match": "false"}}]
    assert "AssetsPolicy" not in policies("WorkerRole", "application")


def test_every_name_in_a_policy_begins_with_the_stages() -> None:
    """Or a stage could read another's secrets in the same account."""
    for statement in allowed("DeskPolicy", "WorkPolicy", "AssetsPolicy"):
        for resource in map(written, listed(statement["Resource"])):
            named = resource.replace("AWS::", "").rpartition(":")[2]
            starts = ("tendril-${Stage}", "tendril/${Stage}/", "${Domain}", "${import tendril-")
            assert named == "*" or any(
                part.startswith(starts) for part in (named, named.partition("/")[2])
            ), resource


def test_a_policy_is_no_longer_than_iam_takes() -> None:
    """6,144 characters without white space, with the longest names that there can be."""
    longest = {
        "${AWS::Partition}": "aws",
        "${AWS::Region}": "ap-southeast-2",
        "${AWS::AccountId}": "111122223333",
        "${Stage}": "s" * 16,
    }
    for name, policy in of_type(parse(text_of("application")), "AWS::IAM::ManagedPolicy"):
        document = repr(properties(policy)["PolicyDocument"])
        for placeholder, value in longest.items():
            document = document.replace(placeholder, value)

        assert len("".join(document.split())) < 6144, name


PLANTED = """
from apps.kernel import aws

def forget(key):
    aws.client("s3").delete_bucket(Bucket=key)
    aws.client("s3").get_paginator("list_multipart_uploads")
"""


def test_a_new_call_is_found() -> None:
    found = set(calls_in(PLANTED))

    assert found == {("s3", "delete_bucket"), ("s3", "list_multipart_uploads")}
    may = actions(allowed("DeskPolicy", "WorkPolicy"))
    assert not any(matches(pattern, "s3:DeleteBucket") for pattern in may)


def test_every_exception_still_is_one() -> None:
    assert NEEDS.keys() | WORKERS_ONLY <= calls().keys()
