"""Stacks on a local AWS: what is created, changed, left alone and refused."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from deploy import stacks
from tests.deploy.templates import NAMES, parse, text_of

PATIENCE = 60  # seconds
OURS = stacks.INFRA

TEMPLATE = """
Parameters:
  Stage: {Type: String}
  Shown: {Type: String, Default: one}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Sub "${Stage}-${Shown}"}
"""
FAILS = """
  Second:
    Type: AWS::SQS::Queue
    DependsOn: Queue
    Properties: {QueueName: not-fifo, FifoQueue: true}
"""
# It keeps its table, and another resource of it fails.
KEEPER = """
Parameters:
  Stage: {Type: String}
  Guarded: {Type: String, Default: "true"}
Conditions:
  IsGuarded: !Equals [!Ref Guarded, "true"]
Resources:
  Walruses:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      TableName: walruses
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      DeletionProtectionEnabled: !If [IsGuarded, true, false]
"""
FAILS_BESIDE = """
  Second:
    Type: AWS::SQS::Queue
    DependsOn: Walruses
    Properties: {QueueName: not-fifo, FifoQueue: true}
"""
# What any pool outside of a laptop has.
POOL = {"SiteUrl": "https://desk.example.org", "DomainPrefix": "walrus"}
REFUSED = """
Parameters:
  Stage: {Type: String}
Resources:
  Walrus:
    Type: AWS::Zoo::Walrus
"""


@pytest.fixture(autouse=True)
def account(aws: dict[str, str]) -> None:
    """Every test has an account of its own."""


@pytest.fixture
def infra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stacks, "INFRA", tmp_path)
    (tmp_path / "zoo.yaml").write_text(TEMPLATE)
    return tmp_path


def status() -> str:
    client = boto3.client("cloudformation")
    return client.describe_stacks(StackName="tendril-local-zoo")["Stacks"][0]["StackStatus"]


def queues() -> list[str]:
    urls = boto3.client("sqs").list_queues().get("QueueUrls", [])
    return [url.rpartition("/")[2] for url in urls]


def test_every_stack_of_the_desk_is_created_and_then_unchanged() -> None:
    all_of_them = NAMES

    first = [stacks.apply(name, stage="local", parameters={}) for name in all_of_them]
    second = [stacks.apply(name, stage="local", parameters={}) for name in all_of_them]

    assert first == ["created"] * len(all_of_them)
    assert second == ["unchanged"] * len(all_of_them)


@pytest.mark.parametrize(
    ("name", "given", "key", "value"),
    [
        ("network", {"Zones": "3"}, "PublicSubnets", r"subnet-\w+(,subnet-\w+){2}"),
        ("network", {"Zones": "2"}, "PrivateSubnets", r"subnet-\w+,subnet-\w+"),
        ("network", {"Nat": "none"}, "InstanceAddresses", "true"),
        ("network", {"EdgePrefixList": "pl-0123abcd"}, "LoadBalancerGroup", r"sg-\w+"),
        ("application", {"DeskAddress": "the-desk"}, "DeskOrigin", r"the-desk\.eu-central-1\..*"),
        ("application", {"Commands": "false"}, "WebRole", "tendril-local-.*-web"),
        ("edge", {"Firewall": "false"}, "SiteTarget", r".*cloudfront\.net"),
        ("containers", {"Strategy": "LINEAR"}, "RepositoryUri", r".*/tendril-local"),
    ],
)
def test_a_stack_is_made_otherwise_when_asked(
    name: str, given: dict[str, str], key: str, value: str
) -> None:
    for each in (*stacks.ORDER, *stacks.BESIDES):
        stacks.apply(each, stage="local", parameters=given)
        if each == name:
            break

    assert re.fullmatch(value, stacks.output(name, key, stage="local"))


def test_instances_stand_in_public_subnets_where_there_is_no_gateway() -> None:
    stacks.apply("network", stage="local", parameters={"Nat": "none"})

    said = stacks.outputs("network", stage="local")

    assert said["InstanceSubnets"] == said["PublicSubnets"] != said["PrivateSubnets"]


def test_a_stack_says_what_it_has() -> None:
    stacks.apply("messaging", stage="local", parameters={})

    assert stacks.output("messaging", "WorkerQueueUrl", stage="local").endswith("local-worker")
    with pytest.raises(stacks.StackError, match=r"says no Walrus, but .*WorkerQueueUrl"):
        stacks.output("messaging", "Walrus", stage="local")


def test_a_stack_of_another_region_is_handed_what_it_cannot_import(aws: dict[str, str]) -> None:
    for name in stacks.ORDER[: stacks.ORDER.index("edge") + 1]:
        stacks.apply(name, stage="local", parameters={})

    there = boto3.client("cloudformation", region_name="us-east-1")
    stack = there.describe_stacks(StackName="tendril-local-edge")["Stacks"][0]

    given = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    address = stacks.output("application", "Address", stage="local")
    assert address == f"tendril-local-{aws['AWS_ACCESS_KEY_ID']}"
    assert given["DeskOrigin"] == f"{address}.eu-central-1.elasticbeanstalk.com"
    assert given["AssetsBucketDomain"].startswith("tendril-local-assets-")
    assert stacks.output("edge", "SiteTarget", stage="local").endswith("cloudfront.net")


def test_a_stack_is_handed_nothing_that_was_given_by_hand() -> None:
    for name in stacks.ORDER[: stacks.ORDER.index("edge") + 1]:
        stacks.apply(name, stage="local", parameters={"DeskOrigin": "containers.example"})

    there = boto3.client("cloudformation", region_name="us-east-1")
    stack = there.describe_stacks(StackName="tendril-local-edge")["Stacks"][0]

    given = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert given["DeskOrigin"] == "containers.example"


def edge() -> dict[str, str]:
    there = boto3.client("cloudformation", region_name="us-east-1")
    stack = there.describe_stacks(StackName="tendril-local-edge")["Stacks"][0]
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}


# The local AWS takes a change of outputs alone for none.
MOVED = {"DeskAddress": "another", "Commands": "false"}


def test_what_was_given_by_hand_once_is_not_taken_back() -> None:
    """A desk that moved to containers moves back when somebody says so."""
    for name in stacks.ORDER[: stacks.ORDER.index("edge") + 1]:
        stacks.apply(name, stage="local", parameters={})
    handed = edge()["DeskOrigin"]
    stacks.apply("edge", stage="local", parameters={"DeskOrigin": "containers.example"})

    again = stacks.apply("edge", stage="local", parameters={"RequestsInFiveMinutes": "4000"})

    assert again == "changed"
    assert edge()["DeskOrigin"] == "containers.example"
    assert stacks.apply("edge", stage="local", parameters={}) == "unchanged"
    stacks.apply("edge", stage="local", parameters={"DeskOrigin": handed})
    stacks.apply("application", stage="local", parameters=MOVED)
    stacks.apply("edge", stage="local", parameters={})
    assert edge()["DeskOrigin"].startswith("another.")


def test_what_was_handed_follows_who_says_it() -> None:
    for name in stacks.ORDER[: stacks.ORDER.index("edge") + 1]:
        stacks.apply(name, stage="local", parameters={})

    stacks.apply("application", stage="local", parameters=MOVED)
    stacks.apply("edge", stage="local", parameters={})

    assert edge()["DeskOrigin"] == "another.eu-central-1.elasticbeanstalk.com"


def test_an_edge_without_what_stands_behind_it_is_refused() -> None:
    with pytest.raises(stacks.StackError, match=r"tendril-local-network: .*does not exist"):
        stacks.apply("edge", stage="local", parameters={})


def test_what_was_given_once_is_kept(infra: Path) -> None:
    stacks.apply("zoo", stage="local", parameters={"Shown": "two"})
    (infra / "zoo.yaml").write_text(
        TEMPLATE.replace("{QueueName", "{VisibilityTimeout: 60, QueueName").replace(
            "Resources", "  Added: {Type: String, Default: x}\nResources"
        )
    )

    done = stacks.apply("zoo", stage="local", parameters={"Unknown": "left out"})

    assert done == "changed"
    assert queues() == ["local-two"]


def test_a_refused_stack_says_which_resource(infra: Path) -> None:
    (infra / "zoo.yaml").write_text(REFUSED)

    with pytest.raises(stacks.StackError, match="Walrus"):
        stacks.apply("zoo", stage="local", parameters={})


def test_a_name_that_is_taken_is_told(infra: Path, aws: dict[str, str]) -> None:
    """CloudFormation sees it before it begins, and tells why by another call alone."""
    taken = f"tendril-zoo-{aws['AWS_ACCESS_KEY_ID']}"
    boto3.client("s3").create_bucket(
        Bucket=taken, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    bucket = f"  Files:\n    Type: AWS::S3::Bucket\n    Properties: {{BucketName: {taken}}}\n"
    (infra / "zoo.yaml").write_text(TEMPLATE + bucket)

    with pytest.raises(stacks.StackError, match=f"Files: .*{taken}"):
        stacks.apply("zoo", stage="local", parameters={})


class TestStillborn:
    """A stack whose creation failed: CloudFormation takes nothing but its deletion."""

    @pytest.fixture(autouse=True)
    def failed(self, infra: Path) -> None:
        (infra / "zoo.yaml").write_text(TEMPLATE + FAILS)
        with pytest.raises(stacks.StackError, match="Second"):
            stacks.apply("zoo", stage="local", parameters={})
        assert status() == "ROLLBACK_COMPLETE"
        (infra / "zoo.yaml").write_text(TEMPLATE)

    def test_is_deleted_and_made_anew_when_a_person_agrees(self) -> None:
        asked: list[str] = []

        def may_delete(stack: str, why: str) -> bool:
            asked.append(f"{stack}: {why}")
            return True

        done = stacks.apply("zoo", stage="local", parameters={}, may_delete=may_delete)

        assert done == "created"
        assert queues() == ["local-one"]
        (told,) = asked
        assert told.startswith("tendril-local-zoo: ROLLBACK_COMPLETE: Second: ")

    def test_is_left_when_nobody_agrees(self) -> None:
        assert stacks.apply("zoo", stage="local", parameters={}) == "left as it is"
        assert status() == "ROLLBACK_COMPLETE"


@pytest.mark.parametrize(
    ("status", "what"),
    [
        ("DELETE_FAILED", "go on with `down`"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name tendril-local-zoo"),
    ],
)
def test_a_stack_that_takes_no_change_says_what_to_do(
    infra: Path, monkeypatch: pytest.MonkeyPatch, status: str, what: str
) -> None:
    """It may hold data: nothing here deletes it."""
    stacks.apply("zoo", stage="local", parameters={})
    monkeypatch.setattr(stacks, "_follow", lambda *_: status)

    with pytest.raises(stacks.StackError, match=what):
        stacks.apply("zoo", stage="local", parameters={}, may_delete=lambda *_: True)

    assert queues() == ["local-one"]


def test_who_says_no_to_a_new_stack_has_no_empty_one(infra: Path) -> None:
    """A change set that makes a stack makes its shell first."""
    done = stacks.apply("zoo", stage="local", parameters={}, agree=lambda *_: False)

    assert done == "left as it is"
    assert not stacks.is_there("zoo", stage="local")


def test_a_change_set_that_fails_leaves_no_shell(infra: Path) -> None:
    """As one does here that makes nothing: of others the local AWS hears nothing beforehand."""
    (infra / "zoo.yaml").write_text(TEMPLATE.partition("Resources:")[0] + "Resources: {}\n")

    assert stacks.apply("zoo", stage="local", parameters={}) == "unchanged"
    assert not stacks.is_there("zoo", stage="local")


def test_who_is_stopped_at_a_question_has_no_empty_one(infra: Path) -> None:
    def stop(*_: object) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stacks.apply("zoo", stage="local", parameters={}, agree=stop)

    assert not stacks.is_there("zoo", stage="local")


def test_a_shell_that_somebody_left_is_filled(infra: Path) -> None:
    boto3.client("cloudformation").create_change_set(
        StackName="tendril-local-zoo",
        ChangeSetName="theirs",
        ChangeSetType="CREATE",
        TemplateBody=TEMPLATE,
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": "local"}],
    )
    assert status() == "REVIEW_IN_PROGRESS"

    assert (
        stacks.apply("zoo", stage="local", parameters={}, agree=lambda *_: False) == "left as it is"
    )
    assert status() == "REVIEW_IN_PROGRESS"  # theirs: somebody may be reading it
    assert stacks.apply("zoo", stage="local", parameters={}) == "created"


def test_a_change_set_without_changes_leaves_nothing_behind(infra: Path) -> None:
    stacks.apply("zoo", stage="local", parameters={})

    assert stacks.apply("zoo", stage="local", parameters={}) == "unchanged"

    client = boto3.client("cloudformation")
    left = client.list_change_sets(StackName="tendril-local-zoo")["Summaries"]
    assert [each["Status"] for each in left if each["Status"] == "FAILED"] == []


def test_a_stacks_parameters_are_known_with_their_values(infra: Path) -> None:
    assert stacks.parameters("zoo", stage="local") == {}

    stacks.apply("zoo", stage="local", parameters={"Shown": "two"})

    assert stacks.parameters("zoo", stage="local") == {"Stage": "local", "Shown": "two"}


def test_names_that_no_template_has_are_known_with_what_looks_like_them() -> None:
    given = {"SiteURL": "https://x", "MailDomain": "x", "Qqq": "3", "Stage": "prod"}

    found = stacks.unknown(given, stacks.ORDER)

    assert found["SiteURL"][0] == "SiteUrl"
    assert found["Qqq"] == []
    assert found.keys() == {"SiteURL", "Qqq", "Stage"}


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_read_as_cloudformation_reads_them(name: str) -> None:
    assert stacks.parameters_of(name) == list(parse(text_of(name)).get("Parameters", {}))


def what_may_be_given(name: str) -> str:
    """A template's parameters and rules, over something that the local AWS knows how to make."""
    text = (OURS / f"{name}.yaml").read_text()
    told = text[text.index("\nParameters:") : text.index("\nConditions:")]
    return f"{told}\nResources:\n  Queue: {{Type: AWS::SQS::Queue}}\n"


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("data", {}, "needs SiteUrl"),
        ("data", {"SiteUrl": "http://desk.example.org"}, "SiteUrl"),
        ("data", {"SiteUrl": "https://desk.example.org/"}, "SiteUrl"),
        ("messaging", {}, "needs a MailDomain of its own"),
        ("identity", {"DomainPrefix": "walrus"}, "needs SiteUrl"),
        ("identity", {"SiteUrl": "https://desk.example.org"}, "needs a DomainPrefix of its own"),
        ("identity", {**POOL, "SamlMetadataUrl": "https://x"}, "SamlVerifiedAttribute or SamlDo"),
        ("identity", {**POOL, "FacebookClientId": "1"}, "VouchForFacebook=yes"),
        ("identity", {**POOL, "AmazonClientId": "1"}, "VouchForAmazon=yes"),
        ("edge", {}, "needs DeskOrigin"),
        ("edge", {"DeskOrigin": "desk.example", "FilesBucketDomain": "x"}, "needs DeskOrigin"),
    ],
)
def test_what_is_for_a_laptop_is_refused_elsewhere(
    infra: Path, name: str, given: dict[str, str], told: str
) -> None:
    (infra / "zoo.yaml").write_text(what_may_be_given(name))

    with pytest.raises(stacks.StackError, match=told):
        stacks.apply("zoo", stage="production", parameters=given)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("data", {"SiteUrl": "https://desk.example.org:8443"}),
        ("messaging", {"MailDomain": "desk.example.org"}),
        ("identity", POOL),
        ("identity", {**POOL, "SamlMetadataUrl": "https://x", "SamlDomains": "hill.example"}),
        ("identity", {**POOL, "SamlMetadataUrl": "https://x", "SamlVerifiedAttribute": "proved"}),
        ("identity", {**POOL, "FacebookClientId": "1", "VouchForFacebook": "yes"}),
        ("identity", {**POOL, "AmazonClientId": "1", "VouchForAmazon": "yes"}),
        ("edge", {"DeskOrigin": "d", "FilesBucketDomain": "f", "AssetsBucketDomain": "a"}),
    ],
)
def test_what_is_whole_is_taken(infra: Path, name: str, given: dict[str, str]) -> None:
    (infra / "zoo.yaml").write_text(what_may_be_given(name))

    assert stacks.apply("zoo", stage="production", parameters=given) == "created"


def test_the_stage_of_laptops_is_made_on_no_real_account(
    infra: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")

    with pytest.raises(stacks.StackError, match="the stage local is for a local AWS"):
        stacks.apply("zoo", stage="local", parameters={})


def test_a_creation_that_failed_leaves_nothing_in_the_way(infra: Path) -> None:
    (infra / "zoo.yaml").write_text(KEEPER + FAILS_BESIDE)
    with pytest.raises(stacks.StackError, match="Second"):
        stacks.apply("zoo", stage="production", parameters={})
    assert tables() == {}
    client = boto3.client("cloudformation")
    stack = client.describe_stacks(StackName="tendril-production-zoo")["Stacks"][0]
    given = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    # AWS would not have deleted it otherwise; the local one takes back what is protected, too.
    assert given["Guarded"] == "false"

    client.delete_stack(StackName="tendril-production-zoo")
    (infra / "zoo.yaml").write_text(KEEPER)

    assert stacks.apply("zoo", stage="production", parameters={}) == "created"
    assert tables() == {"walruses": True}


def test_what_is_whole_is_guarded_and_stays_so(infra: Path) -> None:
    (infra / "zoo.yaml").write_text(KEEPER)
    stacks.apply("zoo", stage="production", parameters={})

    again = stacks.apply("zoo", stage="production", parameters={})
    unguarded = stacks.apply("zoo", stage="production", parameters={"Guarded": "false"})
    off = tables()
    back = stacks.apply("zoo", stage="production", parameters={})

    assert (again, unguarded, off) == ("unchanged", "changed", {"walruses": False})
    assert (back, tables()) == ("changed", {"walruses": True})


def test_a_guard_that_was_never_set_comes_the_next_time(
    infra: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever ran it was gone between the two steps."""
    (infra / "zoo.yaml").write_text(KEEPER)
    stacks.apply("zoo", stage="production", parameters={"Guarded": "false"})
    assert tables() == {"walruses": False}

    stacks.apply("zoo", stage="production", parameters={})

    assert tables() == {"walruses": True}


def tables() -> dict[str, bool]:
    """Each, and whether it is protected."""
    client = boto3.client("dynamodb")
    return {
        name: client.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"]
        for name in client.list_tables()["TableNames"]
    }


def test_without_a_service_the_error_is_one_line(
    infra: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    with pytest.raises(stacks.StackError, match=r"tendril-local-zoo: .*127\.0\.0\.1:9"):
        stacks.apply("zoo", stage="local", parameters={})


def test_a_fact_of_the_stream_lies_in_the_archives_folder_of_its_day() -> None:
    """Without its compression and the ends of lines, which the local AWS leaves out."""
    stacks.apply("messaging", stage="local", parameters={})
    bucket = stacks.output("messaging", "ArchiveBucket", stage="local")
    days = {today()}
    boto3.client("kinesis").put_records(
        StreamName="tendril-local-facts",
        Records=[{"PartitionKey": "ticket:1", "Data": b'{"id":1}\n{"id":2}'}],
    )

    found: list[Any] = []
    deadline = time.monotonic() + PATIENCE
    while not found and time.monotonic() < deadline:
        found = boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
        time.sleep(0.1)

    (folder,) = {each["Key"].rpartition("/")[0] for each in found}
    assert folder in {f"facts/day={day}" for day in days | {today()}}


def today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"
