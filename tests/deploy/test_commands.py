"""The command line: what it asks, shows, refuses and says in one line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from deploy import doctor, down
from deploy.beanstalk import ONCE, StuckError
from deploy.commands import main
from deploy.down import Doomed
from deploy.steps import FailedError
from tests.deploy.beanstalk_model import Behaviour
from tests.deploy.beanstalk_server import Cloud
from tests.deploy.rollouts import DESK, NEW, OLD, WEB, Rollouts

Deploy = Callable[..., Result]


@pytest.fixture
def deploy() -> Deploy:
    def run(*words: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, words, input=typed)

    return run


def test_a_release_that_can_ask_nobody_wants_to_know_beforehand(deploy: Deploy) -> None:
    done = deploy("release", "--stage", "test")

    assert done.exit_code == 2
    assert "say --unjudged abort, or leave" in done.output


class TestStatus:
    def said(self, deploy: Deploy) -> str:
        done = deploy("status", "--stage", "test")
        assert done.exit_code == 0, done.output
        return done.output

    def test_says_who_is_live_and_what_was(self, rollouts: Rollouts, deploy: Deploy) -> None:
        rollouts.release()

        said = self.said(deploy)

        assert f"{WEB} (live)" in said.replace("\n", "")
        assert "promoted, promote" in said
        assert "why:" not in said

    def test_says_why_a_release_was_sent_back(
        self, rollouts: Rollouts, cloud: Cloud, deploy: Deploy
    ) -> None:
        cloud.model.behaviour[NEW] = Behaviour(failed=10)
        with pytest.raises(FailedError, match=f"{OLD} serves as before"):
            rollouts.release()

        said = self.said(deploy)

        assert f"release {NEW}: aborted, abort\n" in said
        assert "    why: the judge sent the canary back: answered with 5xx: old " in said

    def test_says_how_to_go_on_with_what_is_under_way(
        self, rollouts: Rollouts, cloud: Cloud, deploy: Deploy
    ) -> None:
        cloud.model.stuck = {DESK.worker}
        with pytest.raises(StuckError):
            rollouts.release()

        said = self.said(deploy)

        assert f"release {NEW}\n    the worker was asked for it at " in said
        assert (
            "to go on with it: python -m deploy release --stage test --commit bbbbbbbbbbbb" in said
        )
        assert "to end it: python -m deploy abandon --stage test" in said

    def test_says_what_can_be_done_after_a_swap(self, rollouts: Rollouts, deploy: Deploy) -> None:
        rollouts.blue_green().run(rollouts.plan())

        assert "`bluegreen --back` swaps them back" in self.said(deploy)

    def test_says_what_is_nobodys_here(
        self, rollouts: Rollouts, cloud: Cloud, deploy: Deploy
    ) -> None:
        cloud.model.turn(WEB, "Updating")

        assert f"{WEB} is Updating, and nothing of ours is under way" in self.said(deploy)

    def test_says_that_there_is_nothing(self, cloud: Cloud, deploy: Deploy) -> None:
        assert "no environments: the first `release` makes them" in self.said(deploy)
        assert cloud.writes() == []  # not even Beanstalk's bucket


class TestAbandon:
    @pytest.fixture
    def begun(self, rollouts: Rollouts, cloud: Cloud) -> Rollouts:
        cloud.model.stuck = {WEB}
        with pytest.raises(StuckError):
            rollouts.release()
        cloud.model.stuck = set()
        cloud.calls.clear()
        return rollouts

    @pytest.fixture(autouse=True)
    def time(self, rollouts: Rollouts, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("deploy.commands.WallClock", lambda: rollouts)

    def test_does_what_was_asked_and_says_who_serves(self, begun: Rollouts, deploy: Deploy) -> None:
        done = deploy("abandon", "--stage", "test", "--yes")

        assert done.exit_code == 0, done.output
        assert f"abandoned by hand. {OLD} serves as before" in done.output
        assert begun.serving()[DESK.worker] == OLD
        assert begun.outcomes() == ["failed"]

    def test_changes_nothing_in_a_dry_run(
        self, begun: Rollouts, cloud: Cloud, deploy: Deploy
    ) -> None:
        done = deploy("abandon", "--stage", "test", "--dry-run")

        assert done.exit_code == 0, done.output
        assert f"would abort what is under way in {WEB}" in done.output
        assert cloud.writes() == []

    def test_of_nothing_is_one_line(self, rollouts: Rollouts, deploy: Deploy) -> None:
        done = deploy("abandon", "--stage", "test", "--yes")

        assert done.output == "Error: nothing is under way\n"


class TestRollback:
    def test_changes_nothing_in_a_dry_run(
        self, rollouts: Rollouts, cloud: Cloud, deploy: Deploy
    ) -> None:
        rollouts.release()
        serving = rollouts.serving()
        cloud.calls.clear()

        done = deploy("rollback", "--stage", "test", "--dry-run")

        assert done.exit_code == 0, done.output
        assert f"would deploy {OLD}-web to {WEB}" in done.output
        assert cloud.writes() == []
        assert rollouts.serving() == serving

    def test_asks_and_says_what_was_sent_back_already(
        self, rollouts: Rollouts, cloud: Cloud, deploy: Deploy
    ) -> None:
        """Who goes back after a canary was sent back goes one further than they may mean."""
        rollouts.release()
        third = "20261103-100000-ccccccc"
        cloud.model.behaviour[third] = Behaviour(failed=10)
        with pytest.raises(FailedError):
            rollouts.release(third)
        cloud.calls.clear()

        done = deploy("rollback", "--stage", "test", typed="n\n")

        assert done.exit_code == 1
        assert f"the last release, of {third}, was sent back: it does not serve" in done.output
        assert f"from {NEW} back to {OLD}" in done.output
        assert "nothing more was changed" in done.output
        assert cloud.writes() == []


class TestStopped:
    """By ctrl-C, or at a question that nobody is there for."""

    def test_a_release_says_what_goes_on(
        self, rollouts: Rollouts, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("deploy.shipping.plan", stop)

        done = deploy("release", "--stage", "test", "--unjudged", "abort")

        assert done.exit_code == 130
        assert "a canary is promoted when its time is over, judged or not" in done.output

    def test_a_question_without_anybody_is_no_yes(self, rollouts: Rollouts, deploy: Deploy) -> None:
        rollouts.release()

        done = deploy("rollback", "--stage", "test", typed="")

        assert done.exit_code == 1
        assert "Where nobody can be asked: --yes" in done.output


def test_without_a_way_to_aws_the_error_is_one_line(
    deploy: Deploy, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("deploy.beanstalk.PATIENT", ONCE)

    done = deploy("status", "--stage", "test")

    assert done.exit_code == 1
    assert done.output.count("\n") == 1
    assert "Could not connect" in done.output


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
