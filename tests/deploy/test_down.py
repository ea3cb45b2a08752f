"""Taking a stage away on a local AWS: what is guarded, not empty, active, or kept all the same."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from deploy import destroying, down, stacks
from deploy.beanstalk import Beanstalk
from deploy.clock import WallClock
from deploy.down import Doomed
from deploy.names import Desk
from deploy.stacks import Resource, StackError
from tests.deploy import rules
from tests.deploy.templates import of_type, parse, text_of

STAGE = "trial"
# What holds data in the real templates, guarded as there.
DATA = """
Resources:
  Files:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties:
      BucketName: !Sub tendril-trial-files-${AWS::AccountId}
      VersioningConfiguration: {Status: Enabled}
  Figures:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      TableName: tendril-trial-figures
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      DeletionProtectionEnabled: true
  Key:
    Type: AWS::SecretsManager::Secret
    DeletionPolicy: Retain
    Properties: {Name: tendril-trial-secret-key, SecretString: abc}
"""
IDENTITY = """
Resources:
  People:
    Type: AWS::Cognito::UserPool
    DeletionPolicy: Retain
    Properties: {UserPoolName: tendril-trial, DeletionProtection: ACTIVE}
"""


@pytest.fixture(autouse=True)
def stage(aws: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has an account of its own, with a stage that has something in it."""
    monkeypatch.setattr(stacks, "INFRA", tmp_path)
    monkeypatch.setattr(stacks, "ORDER", ("data", "identity"))
    monkeypatch.setattr(stacks, "BESIDES", ())
    for name, text in {"data": DATA, "identity": IDENTITY}.items():
        (tmp_path / f"{name}.yaml").write_text("Parameters:\n  Stage: {Type: String}\n" + text)
        stacks.apply(name, stage=STAGE, parameters={})
    s3, bucket = boto3.client("s3"), f"tendril-trial-files-{aws['AWS_ACCESS_KEY_ID']}"
    for content in (b"first", b"second"):
        s3.put_object(Bucket=bucket, Key="a", Body=content)
    s3.delete_object(Bucket=bucket, Key="a")


def take_down(*named: str) -> list[str]:
    said: list[str] = []
    beanstalk = Beanstalk(Desk(STAGE), WallClock(), said.append)
    what = down.doomed(beanstalk, stage=STAGE, named=named)
    down.take_down(beanstalk, what, stage=STAGE, tell=said.append)
    return said


def there() -> set[str]:
    """What holds data, of all services."""
    buckets = boto3.client("s3").list_buckets()["Buckets"]
    pools = boto3.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]
    return {
        *(each["Name"].rpartition("-")[0] for each in buckets),
        *boto3.client("dynamodb").list_tables()["TableNames"],
        *(each["Name"] for each in boto3.client("secretsmanager").list_secrets()["SecretList"]),
        *(each["Name"] for each in pools),
    }


ALL = {
    "tendril-trial-files",
    "tendril-trial-figures",
    "tendril-trial-secret-key",
    "tendril-trial",
}


def test_what_nobody_named_stays_whole() -> None:
    assert take_down() == []
    assert there() == ALL


def test_what_was_named_goes_with_all_its_versions() -> None:
    said = take_down("data")

    assert there() == {"tendril-trial"}
    assert "    AWS::DynamoDB::Table tendril-trial-figures: may be deleted" in said
    (bucket,) = [line for line in said if "AWS::S3::Bucket" in line and ": deleted" in line]
    assert bucket.endswith(": deleted, with 3 versions of files")
    assert stacks.apply("data", stage=STAGE, parameters={}) == "created"  # no name is taken


def test_people_go_when_they_are_named() -> None:
    take_down("identity")

    assert there() == ALL - {"tendril-trial"}


def test_what_was_cut_off_between_a_stack_and_what_it_kept_is_gone_on_with() -> None:
    destroying.unguard(Resource("AWS::DynamoDB::Table", "tendril-trial-figures"))
    stacks.delete("data", stage=STAGE)
    boto3.client("dynamodb").delete_table(TableName="tendril-trial-figures")
    assert "tendril-trial-files" in there()

    said = take_down("data")

    assert there() == {"tendril-trial"}
    assert "    AWS::DynamoDB::Table tendril-trial-figures: is gone already" in said


def test_a_stack_says_what_it_keeps_where_it_was_not_named() -> None:
    said: list[str] = []
    beanstalk = Beanstalk(Desk(STAGE), WallClock(), said.append)

    down.take_down(beanstalk, Doomed([], ["identity"], []), stage=STAGE, tell=said.append)

    (kept,) = [line for line in said if line.endswith(": kept")]
    assert "AWS::Cognito::UserPool" in kept
    assert "tendril-trial" in there()


class TestReceiptRules:
    """SES deletes no rule set that is active, so the stack could not be deleted."""

    @pytest.fixture(autouse=True)
    def rules(self) -> None:
        boto3.client("ses").create_receipt_rule_set(RuleSetName="tendril-trial")
        boto3.client("ses").create_receipt_rule_set(RuleSetName="tendril-production")

    def active(self) -> str:
        told = boto3.client("ses").describe_active_receipt_rule_set()
        name: str = told.get("Metadata", {}).get("Name", "")
        return name

    def test_of_the_stage_take_in_no_more_mail(self) -> None:
        boto3.client("ses").set_active_receipt_rule_set(RuleSetName="tendril-trial")

        done = destroying.unguard(Resource("AWS::SES::ReceiptRuleSet", "tendril-trial"))

        assert done == "is active no more: no mail comes in by it"
        assert self.active() == ""

    def test_of_another_stage_stay_active(self) -> None:
        boto3.client("ses").set_active_receipt_rule_set(RuleSetName="tendril-production")

        done = destroying.unguard(Resource("AWS::SES::ReceiptRuleSet", "tendril-trial"))

        assert done == "is not active"
        assert self.active() == "tendril-production"


def test_a_database_may_be_deleted_after_its_guard_is_gone() -> None:
    rds = boto3.client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="desk", DBInstanceClass="db.t4g.micro", Engine="postgres",
        AllocatedStorage=20, DeletionProtection=True, MasterUsername="a",
        MasterUserPassword="b" * 9,
    )  # fmt: skip

    destroying.unguard(Resource("AWS::RDS::DBInstance", "desk"))

    (found,) = rds.describe_db_instances(DBInstanceIdentifier="desk")["DBInstances"]
    assert found["DeletionProtection"] is False


def test_what_is_refused_names_what_it_is_about(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str) -> str:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteTable")

    monkeypatch.setitem(destroying.KEPT, "AWS::DynamoDB::Table", refuse)

    with pytest.raises(StackError, match=r"AWS::DynamoDB::Table figures: .*AccessDenied"):
        destroying.destroy(Resource("AWS::DynamoDB::Table", "figures"))


class TestTheRealTemplates:
    @pytest.fixture(autouse=True)
    def infra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stacks, "INFRA", Path(stacks.__file__).parents[1] / "infra")

    @pytest.mark.parametrize("name", down.HOLDING)
    def test_keep_nothing_that_could_not_be_destroyed(self, name: str) -> None:
        resources = parse(text_of(name))["Resources"].values()
        kept = {
            each["Type"]
            for each in resources
            if str(each.get("DeletionPolicy", "")).startswith("Retain")
        }

        assert kept
        assert kept <= destroying.KEPT.keys()

    @pytest.mark.parametrize("name", down.HOLDING)
    def test_guard_nothing_that_could_not_be_unguarded(self, name: str) -> None:
        guarded = {
            resource["Type"] for _, resource in of_type(parse(text_of(name)), *rules.GUARDED)
        }

        # A pool's guard goes with it: its template keeps it in any case.
        assert guarded <= destroying.GUARDS.keys() | {"AWS::Cognito::UserPool"}
