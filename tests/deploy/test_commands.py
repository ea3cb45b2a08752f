"""The command line: what it asks, shows, refuses and says in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner, Result

from deploy import doctor, down, stacks
from deploy.commands import main
from deploy.down import Doomed
from tests.deploy.beanstalk_server import Cloud
from tests.deploy.rollouts import DESK, OLD, WEB, Rollouts

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


def test_a_release_that_can_ask_nobody_wants_to_know_beforehand(deploy: Deploy) -> None:
    done = deploy("release", "--stage", "test")

    assert done.exit_code == 2
    assert "say --unjudged abort, or leave" in done.output


def test_the_status_says_who_is_live_and_what_was(rollouts: Rollouts, deploy: Deploy) -> None:
    rollouts.release()

    done = deploy("status", "--stage", "test")

    assert done.exit_code == 0, done.output
    assert f"{WEB} (live)" in done.output.replace("\n", "")
    assert "promoted, promote" in done.output


def test_nothing_to_abandon_is_one_line(rollouts: Rollouts, deploy: Deploy) -> None:
    done = deploy("abandon", "--stage", "test", "--yes")

    assert done.output == "Error: nothing is under way\n"


def test_a_dry_rollback_changes_nothing(rollouts: Rollouts, cloud: Cloud, deploy: Deploy) -> None:
    rollouts.release()
    serving = rollouts.serving()
    cloud.calls.clear()

    done = deploy("rollback", "--stage", "test", "--dry-run")

    assert done.exit_code == 0, done.output
    assert f"would deploy {OLD}-web to {WEB}" in done.output
    assert cloud.writes() == []
    assert rollouts.serving() == serving


class TestDoctor:
    @pytest.fixture(autouse=True)
    def at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("deploy.instances.LOOK", 0)

    def test_says_what_each_environment_says(self, rollouts: Rollouts, deploy: Deploy) -> None:
        done = deploy("doctor", "--stage", "test")

        assert done.exit_code == 0, done.output
        assert done.output.count("database: well") == 2

    def test_fails_when_one_is_ill(self, rollouts: Rollouts, cloud: Cloud, deploy: Deploy) -> None:
        cloud.ill = {f"i-{WEB}"}

        done = deploy("doctor", "--stage", "test")

        assert done.exit_code == 1
        assert f"not well: {WEB}" in done.output

    def test_hears_the_others_where_one_has_no_instance(
        self, rollouts: Rollouts, cloud: Cloud, deploy: Deploy
    ) -> None:
        cloud.empty = {WEB}

        done = deploy("doctor", "--stage", "test")

        assert f"{WEB} has no instance" in done.output
        assert done.output.count("database: well") == 1
        assert f"not well: {WEB}" in done.output

    def test_is_who_looks_at_a_green_environment(self, rollouts: Rollouts, cloud: Cloud) -> None:
        beanstalk = rollouts.beanstalk()
        cloud.ill = {f"i-{WEB}"}

        assert doctor.wrong(beanstalk, WEB) == "database: no answer"
        assert doctor.wrong(beanstalk, DESK.worker) == ""


def test_environments_end_before_their_stacks(rollouts: Rollouts) -> None:
    down.take_down(
        rollouts.beanstalk(),
        Doomed([WEB, DESK.worker], [], []),
        stage="test",
        tell=rollouts.said.append,
    )

    assert rollouts.serving() == {"live": ""}
