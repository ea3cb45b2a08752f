"""`up` and `down` at the command line: what they ask, show, refuse and say in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner, Result

from deploy import stacks
from deploy.commands import main
from tests.deploy.beanstalk_model import SPLITTING, WEB_TEMPLATE, WORKER_TEMPLATE
from tests.deploy.beanstalk_server import ADDRESS, BUCKET, Cloud, served
from tests.deploy.rollouts import DESK, WEB, Rollouts

TEMPLATE = """
Parameters:
  Stage: {Type: String}
  Size: {Type: String, Default: small}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Sub "${Stage}-one"}
"""
FAILS = """
  Second:
    Type: AWS::SQS::Queue
    DependsOn: Queue
    Properties: {QueueName: not-fifo, FifoQueue: true}
"""
# Of the stage `test`, whose environments the small Beanstalk has.
APPLICATION = f"""
Parameters:
  Stage: {{Type: String}}
  Percent: {{Type: String, Default: "10"}}
Conditions:
  Never: !Equals [a, b]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {{DisplayName: !Ref Percent}}
  WebTemplate: &template
    Type: AWS::ElasticBeanstalk::ConfigurationTemplate
    Condition: Never
    Properties:
      OptionSettings:
        - {{Namespace: "{SPLITTING}", OptionName: NewVersionPercent, Value: !Ref Percent}}
  WorkerTemplate: *template
Outputs:
  Address: {{Value: {ADDRESS}}}
  BundlesBucket: {{Value: {BUCKET}}}
  WebTemplate: {{Value: {WEB_TEMPLATE}}}
  WorkerTemplate: {{Value: {WORKER_TEMPLATE}}}
"""
DATA = """
Parameters:
  Stage: {Type: String}
  Size: {Type: String, Default: small}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref Size}
"""
Deploy = Callable[..., Result]


@pytest.fixture
def deploy() -> Deploy:
    def run(*words: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, words, input=typed)

    return run


class TestStacks:
    @pytest.fixture(autouse=True)
    def infra(self, aws: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stacks, "INFRA", tmp_path)
        monkeypatch.setattr(stacks, "ORDER", ("messaging", "zoo"))
        for name in ("zoo", "messaging"):
            (tmp_path / f"{name}.yaml").write_text(TEMPLATE.replace("one", name))

    def queues(self) -> list[str]:
        urls = boto3.client("sqs").list_queues().get("QueueUrls", [])
        return sorted(url.rpartition("/")[2] for url in urls)

    def test_changes_are_shown_and_asked_for(self, deploy: Deploy) -> None:
        done = deploy("up", "--stage", "local", typed="y\ny\n")

        assert done.exit_code == 0, done.output
        assert "Add Queue (AWS::SQS::Queue)" in done.output
        assert self.queues() == ["local-messaging", "local-zoo"]

    def test_a_no_changes_nothing_and_stops(self, deploy: Deploy) -> None:
        done = deploy("up", "--stage", "local", typed="n\n")

        assert done.exit_code == 1
        assert "those after messaging may need it" in done.output
        assert self.queues() == []

    def test_a_dry_run_shows_and_changes_nothing(self, deploy: Deploy) -> None:
        done = deploy("up", "--stage", "local", "--dry-run")

        assert done.exit_code == 0
        assert done.output.count("left as it is") == 2
        assert self.queues() == []

    def test_it_is_done_again_after_a_dry_run(self, deploy: Deploy) -> None:
        deploy("up", "--stage", "local", "--dry-run")

        done = deploy("up", "--stage", "local", "--yes")

        assert done.output.count("created") == 2

    def test_down_keeps_what_holds_data(self, deploy: Deploy) -> None:
        deploy("up", "--stage", "local", "--yes")

        done = deploy("down", "--stage", "local", typed="local\n")

        assert done.exit_code == 0, done.output
        assert "keeps the stack messaging" in done.output
        assert self.queues() == ["local-messaging"]

    def test_down_takes_data_when_it_is_named(self, deploy: Deploy) -> None:
        deploy("up", "--stage", "local", "--yes")

        done = deploy("down", "--stage", "local", "--destroy", "messaging", typed="local\n")

        assert "deletes the stack messaging, with mail that came in" in done.output
        assert self.queues() == []

    def test_down_takes_no_data_on_a_scripts_word(self, deploy: Deploy) -> None:
        deploy("up", "--stage", "local", "--yes")

        done = deploy("down", "--stage", "local", "--destroy", "messaging", "--yes")

        assert done.exit_code == 1
        assert self.queues() == ["local-messaging", "local-zoo"]

    def test_down_wants_the_stages_name(self, deploy: Deploy) -> None:
        deploy("up", "--stage", "local", "--yes")

        done = deploy("down", "--stage", "local", typed="yes\n")

        assert done.exit_code == 1
        assert self.queues() == ["local-messaging", "local-zoo"]

    def test_a_dry_down_destroys_nothing(self, deploy: Deploy) -> None:
        deploy("up", "--stage", "local", "--yes")

        done = deploy("down", "--stage", "local", "--destroy", "messaging", "--dry-run")

        assert "deletes the stack zoo" in done.output
        assert self.queues() == ["local-messaging", "local-zoo"]

    def test_down_of_nothing_is_no_failure(self, deploy: Deploy) -> None:
        done = deploy("down", "--stage", "local", typed="")

        assert (done.exit_code, done.output) == (0, "nothing of local is there to take away\n")

    def test_a_name_that_no_template_has_is_refused(self, deploy: Deploy) -> None:
        """CloudFormation would never hear of it, and nobody would."""
        done = deploy("up", "--stage", "local", "--yes", "--set", "Sizes=large")

        assert done.exit_code == 2
        assert "no template has Sizes: Size?" in done.output
        assert self.queues() == []

    def test_one_stack_alone_is_made_when_it_is_named(self, deploy: Deploy, tmp_path: Path) -> None:
        (tmp_path / "deployer.yaml").write_text(TEMPLATE.replace("one", "deployer"))

        done = deploy("up", "--stage", "local", "--only", "deployer", "--yes")

        assert done.exit_code == 0, done.output
        assert self.queues() == ["local-deployer"]

    def test_one_that_no_stage_needs_comes_after_the_others(
        self, deploy: Deploy, tmp_path: Path
    ) -> None:
        (tmp_path / "containers.yaml").write_text(TEMPLATE.replace("one", "containers"))

        done = deploy("up", "--stage", "local", "--also", "containers", "--yes")

        assert done.exit_code == 0, done.output
        assert done.output.index("zoo ... created") < done.output.index("containers ... created")

    def test_the_stage_is_said_once(self, deploy: Deploy) -> None:
        done = deploy("up", "--stage", "local", "--yes", "--set", "Stage=production")

        assert "Stage is what --stage says" in done.output

    def test_what_failed_when_it_was_made_is_deleted_after_a_yes(
        self, deploy: Deploy, tmp_path: Path
    ) -> None:
        whole = (tmp_path / "messaging.yaml").read_text()
        (tmp_path / "messaging.yaml").write_text(whole + FAILS)
        deploy("up", "--stage", "local", "--yes")
        (tmp_path / "messaging.yaml").write_text(whole)

        no = deploy("up", "--stage", "local", typed="n\n")
        yes = deploy("up", "--stage", "local", typed="y\ny\ny\n")

        assert no.exit_code == 1
        assert "tendril-local-messaging failed when it was made (ROLLBACK_COMPLETE" in no.output
        assert yes.exit_code == 0, yes.output
        assert "delete tendril-local-messaging?" in yes.output
        assert self.queues() == ["local-messaging", "local-zoo"]

    def test_what_holds_no_data_is_not_named(self, deploy: Deploy) -> None:
        done = deploy("down", "--stage", "local", "--destroy", "zoo", "--yes")

        assert "zoo holds no data" in done.output


def test_a_dry_run_of_a_new_stage_goes_to_its_end_and_makes_nothing(
    aws: dict[str, str], deploy: Deploy
) -> None:
    """Of the real templates, of which later ones need what earlier ones say."""
    done = deploy("up", "--stage", "local", "--dry-run", "--set", "MediaDomain=f.example.net")

    assert done.exit_code == 0, done.output
    assert "Add WorkerQueue" in done.output
    assert "edge ... can't be shown yet" in done.output
    assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []
    assert boto3.client("secretsmanager").list_secrets()["SecretList"] == []


class TestEnvironments:
    """Stacks on a local CloudFormation, environments on the small Beanstalk."""

    @pytest.fixture(autouse=True)
    def desk(
        self, aws: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[None]:
        monkeypatch.setattr(stacks, "INFRA", tmp_path)
        monkeypatch.setattr(stacks, "ORDER", ("data", "application"))
        (tmp_path / "data.yaml").write_text(DATA)
        (tmp_path / "application.yaml").write_text(APPLICATION)
        for name in stacks.ORDER:
            stacks.apply(name, stage="test", parameters={})
        self.cloud = Cloud()
        with served(self.cloud) as url:
            for service in ("ELASTIC_BEANSTALK", "S3"):
                monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)
            self.rollouts = Rollouts(self.cloud)
            self.rollouts.begin()
            monkeypatch.setattr("deploy.commands.WallClock", lambda: self.rollouts)
            yield

    def change(self) -> None:
        """What CloudFormation does to the template."""
        templates = self.cloud.model.templates
        wanted = {(SPLITTING, "NewVersionPercent"): "50"}
        templates[WEB_TEMPLATE] = templates[WEB_TEMPLATE] | wanted

    def percent(self) -> str:
        return self.cloud.model.environments[WEB].settings[SPLITTING, "NewVersionPercent"]

    def test_are_shown_and_asked_for_after_their_stack(self, deploy: Deploy) -> None:
        self.change()

        done = deploy("up", "--stage", "test", "--set", "Percent=50", typed="y\ny\n")

        assert done.exit_code == 0, done.output
        assert f"{WEB}, otherwise than its template:" in done.output
        assert f"    {SPLITTING} NewVersionPercent: 10 -> 50" in done.output
        assert f"change {WEB}?" in done.output
        assert self.percent() == "50"

    def test_are_left_after_a_no(self, deploy: Deploy) -> None:
        self.change()

        done = deploy("up", "--stage", "test", typed="n\n")

        assert done.exit_code == 0, done.output
        assert f"{WEB} ... left as it is" in done.output
        assert self.percent() == "10"

    def test_are_shown_in_a_dry_run(self, deploy: Deploy) -> None:
        self.change()

        done = deploy("up", "--stage", "test", "--dry-run", "--set", "Percent=50")

        assert done.exit_code == 0, done.output
        assert "environments, beside their templates as these are now" in done.output
        assert "NewVersionPercent: 10 -> 50" in done.output
        assert self.cloud.writes() == []

    def test_are_not_looked_at_for_another_stack(self, deploy: Deploy) -> None:
        self.change()

        done = deploy("up", "--stage", "test", "--only", "data", "--yes")

        assert done.exit_code == 0, done.output
        assert self.cloud.calls == []

    def test_hear_of_what_they_read_at_their_start_alone(self, deploy: Deploy) -> None:
        done = deploy("up", "--stage", "test", "--set", "Size=large", "--yes")

        assert "what changed in data is read by processes when they start" in done.output
        assert f"--environment-name {WEB} and {DESK.worker}" in done.output


class TestDomains:
    """A name that is a CNAME can have no MX."""

    @pytest.fixture(autouse=True)
    def account(self, aws: dict[str, str]) -> None:
        """Every test has one of its own."""

    def test_one_name_for_both_is_refused(self, deploy: Deploy) -> None:
        both = ["--set", "SiteDomain=desk.example.com", "--set", "MailDomain=desk.example.com"]

        done = deploy("up", "--stage", "local", "--dry-run", *both)

        assert done.exit_code == 2
        assert "Give mail a name of its own" in done.output.replace("\n", " ")
        assert "MailDomain=mail.desk.example.com" in done.output
        assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []

    def test_it_is_taken_where_the_person_says_that_it_is_an_alias(self, deploy: Deploy) -> None:
        both = ["--set", "SiteDomain=desk.example.com", "--set", "MailDomain=desk.example.com"]

        done = deploy("up", "--stage", "local", "--dry-run", "--alias", *both)

        assert done.exit_code == 0, done.output

    def test_one_that_was_given_before_counts(self, deploy: Deploy) -> None:
        for name in ("network", "data", "messaging"):
            stacks.apply(name, stage="local", parameters={"MailDomain": "desk.example.com"})

        done = deploy("up", "--stage", "local", "--set", "SiteDomain=desk.example.com")

        assert done.exit_code == 2
        assert "can't be both SiteDomain" in done.output


@pytest.mark.usefixtures("aws")
def test_a_local_aws_has_stacks_and_no_environments() -> None:
    """Of our own templates, as `make run-aws` has them made."""
    done = CliRunner().invoke(main, ["up", "--stage", "local", "--yes"])

    assert (done.exit_code, done.exception) == (0, None), done.output
    assert "observability ... created" in done.output
