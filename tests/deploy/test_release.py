"""Releases on a small Beanstalk that keeps state and misbehaves."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from deploy.beanstalk import BeanstalkError, StuckError
from deploy.figures import CloudWatch
from deploy.judgement import Minute
from deploy.records import Record, UnderwayError
from deploy.release import TooLateError
from deploy.steps import FailedError
from tests.deploy.beanstalk_model import COMMAND, Behaviour
from tests.deploy.beanstalk_server import Cloud
from tests.deploy.rollouts import DESK, NEW, OLD, WEB, Rollouts

OLD_SERVES = {WEB: OLD, DESK.worker: OLD, "live": WEB}
NEW_SERVES = {WEB: NEW, DESK.worker: NEW, "live": WEB}


@pytest.fixture(params=[False, True], ids=["shows-old", "shows-new"], autouse=True)
def shown(request: pytest.FixtureRequest, cloud: Cloud) -> None:
    """Nobody promises which version an environment is said to have while it changes."""
    cloud.model.shows_new_at_once = request.param


def test_a_good_version_is_promoted(rollouts: Rollouts) -> None:
    record = rollouts.release()

    assert rollouts.serving() == NEW_SERVES
    assert rollouts.outcomes() == ["promoted"]
    assert record.verdict is not None
    assert record.verdict["decision"] == "promote"
    assert record.verdict["findings"][0]["new_of"] >= 400
    assert record.verdict["rules"]["line"] == 0.4


def test_the_worker_goes_first(rollouts: Rollouts, cloud: Cloud) -> None:
    rollouts.release()

    told = [text for text in rollouts.said if text.startswith("  deploy ")]
    assert told == [
        f"  deploy {NEW}-worker to {DESK.worker}",
        f"  deploy {NEW}-web to {WEB}",
    ]
    assert cloud.calls.index("CreateApplicationVersion") < cloud.calls.index("UpdateEnvironment")


def test_a_bad_canary_is_aborted_with_its_numbers(rollouts: Rollouts, cloud: Cloud) -> None:
    cloud.model.behaviour[NEW] = Behaviour(failed=10)

    with pytest.raises(FailedError, match=r"the judge sent the canary back: answered with 5xx"):
        rollouts.release()

    assert rollouts.serving() == OLD_SERVES
    assert rollouts.outcomes() == ["aborted"]
    kept = next(rollouts.records().past())
    assert kept.verdict is not None
    assert kept.verdict["findings"][0]["chance"] < kept.verdict["findings"][0]["level"]


@pytest.mark.parametrize("bad", [Behaviour(slow=60), Behaviour(raised=0)])
def test_a_canary_that_only_the_desks_own_figures_show_is_aborted(
    rollouts: Rollouts, cloud: Cloud, bad: Behaviour
) -> None:
    cloud.model.behaviour[NEW] = bad

    with pytest.raises(FailedError):
        rollouts.release()

    assert rollouts.serving() == OLD_SERVES


def test_a_fix_goes_out_while_its_alarm_rings(rollouts: Rollouts, cloud: Cloud) -> None:
    cloud.model.alarms["tendril-test-5xx"] = ("ALARM", cloud.model.now - timedelta(hours=1))
    cloud.model.behaviour[OLD] = Behaviour(failed=50)

    rollouts.release()

    assert rollouts.serving() == NEW_SERVES


def test_an_alarm_that_begins_to_ring_sends_it_back(rollouts: Rollouts, cloud: Cloud) -> None:
    rings = cloud.model.now + timedelta(minutes=6)
    cloud.model.alarms["tendril-test-5xx"] = ("ALARM", rings)

    with pytest.raises(FailedError, match="alarm tendril-test-5xx is over 1 and was not before"):
        rollouts.release()

    assert rollouts.serving() == OLD_SERVES


class TestWithoutFigures:
    def test_what_was_chosen_beforehand_is_done(self, rollouts: Rollouts, cloud: Cloud) -> None:
        cloud.model.is_silent = True

        with pytest.raises(FailedError, match="0 requests of the new version are known"):
            rollouts.release()

        assert rollouts.serving() == OLD_SERVES
        assert rollouts.outcomes() == ["aborted"]

    def test_it_is_left_to_beanstalk_and_said(self, rollouts: Rollouts, cloud: Cloud) -> None:
        cloud.model.is_silent = True
        rollouts.unjudged = "leave"

        with pytest.raises(TooLateError, match="the judge had said unjudged"):
            rollouts.release()

        assert rollouts.serving() == NEW_SERVES
        assert rollouts.outcomes() == ["unjudged"]


class TestFailedHealth:
    def test_of_the_worker_leaves_the_web_alone(self, rollouts: Rollouts, cloud: Cloud) -> None:
        cloud.model.sick = {f"{NEW}-worker"}

        with pytest.raises(FailedError, match="the worker: Failed to deploy application"):
            rollouts.release()

        assert rollouts.serving() == OLD_SERVES
        assert rollouts.outcomes() == ["failed"]
        assert f"  deploy {NEW}-web to {WEB}" not in rollouts.said

    def test_of_the_web_takes_the_worker_back(self, rollouts: Rollouts, cloud: Cloud) -> None:
        cloud.model.sick = {f"{NEW}-web"}

        with pytest.raises(FailedError, match="Beanstalk sent the canary back"):
            rollouts.release()

        assert rollouts.serving() == OLD_SERVES
        assert rollouts.outcomes() == ["failed"]


class TestTrouble:
    def test_throttling_is_waited_for(self, rollouts: Rollouts, cloud: Cloud) -> None:
        for action in ("DescribeEnvironments", "UpdateEnvironment", "CreateApplicationVersion"):
            cloud.troubles["throttle"][action] = 2

        rollouts.release()

        assert rollouts.serving() == NEW_SERVES

    def test_a_lost_answer_is_looked_for(self, rollouts: Rollouts, cloud: Cloud) -> None:
        """The deed was done, and doing it again is refused."""
        for action in ("UpdateEnvironment", "CreateApplicationVersion", "PutObject"):
            cloud.troubles["lost"][action] = 1

        rollouts.release()

        assert rollouts.serving() == NEW_SERVES
        assert rollouts.outcomes() == ["promoted"]

    def test_a_lost_abort_is_no_second_one(self, rollouts: Rollouts, cloud: Cloud) -> None:
        cloud.model.behaviour[NEW] = Behaviour(failed=10)
        cloud.troubles["lost"]["AbortEnvironmentUpdate"] = 1

        with pytest.raises(FailedError):
            rollouts.release()

        assert rollouts.serving() == OLD_SERVES

    def test_a_network_that_goes_for_minutes_stops_no_judge(
        self, rollouts: Rollouts, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who stops looking has a bad version promoted unseen."""
        cloud.model.behaviour[NEW] = Behaviour(failed=10)
        answered = CloudWatch.minutes
        away = iter(range(9))

        def minutes(self: CloudWatch, **asked: Any) -> list[Minute]:
            if next(away, None) is not None:
                raise EndpointConnectionError(endpoint_url="https://monitoring")
            return answered(self, **asked)

        monkeypatch.setattr(CloudWatch, "minutes", minutes)

        with pytest.raises(FailedError, match="the judge sent the canary back"):
            rollouts.release()

        assert sum("no answer, asking again" in told for told in rollouts.said) == 9

    @pytest.mark.parametrize("name", [DESK.worker, WEB])
    def test_an_environment_that_is_stuck_is_told_and_gone_on_with(
        self, rollouts: Rollouts, cloud: Cloud, name: str
    ) -> None:
        cloud.model.stuck = {name}

        with pytest.raises(StuckError, match=name):
            rollouts.release()
        cloud.model.stuck = set()
        try:
            rollouts.release()
        except TooLateError:  # it was promoted in the meantime, with nobody looking
            assert name == WEB

        assert rollouts.serving() == NEW_SERVES


def test_one_release_at_a_time(rollouts: Rollouts, cloud: Cloud) -> None:
    cloud.model.stuck = {DESK.worker}
    with pytest.raises(StuckError):
        rollouts.release()

    with pytest.raises(UnderwayError, match=f"a release of {NEW} is under way"):
        rollouts.release("20261102-090000-ccccccc")


def test_of_two_who_begin_at_once_one_does(
    rollouts: Rollouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have seen that nothing is under way."""
    mine, theirs = rollouts.records(), rollouts.records()
    record = Record(kind="release", label=NEW, commit="", began=rollouts.now(), web=WEB)
    other = dataclasses.replace(record, label=OLD)
    answers = iter([lambda: None])
    read = theirs.current

    def current() -> Record | None:
        return next(answers, read)()

    monkeypatch.setattr(theirs, "current", current)

    mine.begin(record)

    with pytest.raises(UnderwayError, match=f"a release of {NEW} is under way"):
        theirs.begin(other)
    assert mine.current() == record


def test_nobody_is_disturbed_who_is_at_work(rollouts: Rollouts, cloud: Cloud) -> None:
    cloud.model.turn(WEB, "Updating")

    with pytest.raises(BeanstalkError, match="somebody else is at work"):
        rollouts.release()

    assert cloud.writes() == []


def test_no_canary_without_splitting(rollouts: Rollouts, cloud: Cloud) -> None:
    cloud.model.environments[WEB].settings[COMMAND, "DeploymentPolicy"] = "AllAtOnce"

    with pytest.raises(BeanstalkError, match="deploys by AllAtOnce"):
        rollouts.release()

    assert cloud.writes() == []


def test_a_refused_check_changes_nothing(rollouts: Rollouts, cloud: Cloud) -> None:
    def refuse(before: str | None) -> None:
        assert before == "commit " + "a" * 40
        raise ValueError("breaks its readers")

    with pytest.raises(ValueError, match="breaks its readers"):
        rollouts.releasing().run(rollouts.plan(check=refuse))

    assert cloud.writes() == []


def test_an_abandoned_release_goes_back(rollouts: Rollouts, cloud: Cloud) -> None:
    cloud.model.stuck = {WEB}
    with pytest.raises(StuckError):
        rollouts.release()
    cloud.model.stuck = set()
    current = rollouts.records().current()
    assert current is not None

    with pytest.raises(FailedError, match="abandoned by hand"):
        rollouts.releasing().abandon(current)

    assert rollouts.serving()[DESK.worker] == OLD


def test_a_dry_run_changes_nothing(rollouts: Rollouts, cloud: Cloud) -> None:
    release = rollouts.releasing(is_dry=True)
    plan = rollouts.plan()
    cloud.model.versions |= {f"{NEW}-{tier}": {"Status": "Processed"} for tier in ("web", "worker")}
    cloud.calls.clear()

    release.run(plan)

    assert cloud.writes() == []
    assert rollouts.serving() == OLD_SERVES
    assert [text for text in rollouts.said if "would" in text] == [
        f"  would deploy {NEW}-worker to {DESK.worker}",
        f"  would deploy {NEW}-web to {WEB}",
        "  would watch it and judge it",
    ]


def test_the_first_release_makes_the_environments(cloud: Cloud) -> None:
    rollouts = Rollouts(cloud)

    rollouts.release()

    assert rollouts.serving() == NEW_SERVES
    assert rollouts.outcomes() == ["promoted"]


class TestRollback:
    def test_goes_to_the_version_before_at_once(self, rollouts: Rollouts, cloud: Cloud) -> None:
        rollouts.release()
        began = rollouts.now()

        rollouts.roll_back()

        assert rollouts.serving() == OLD_SERVES
        assert rollouts.outcomes() == ["promoted", "promoted"]
        assert rollouts.now() - began < timedelta(minutes=9)  # no evaluation
        policy = cloud.model.environments[WEB].settings[COMMAND, "DeploymentPolicy"]
        assert policy == "TrafficSplitting"

    def test_does_not_roll_back_to_what_was_rolled_back(self, rollouts: Rollouts) -> None:
        rollouts.release()
        rollouts.roll_back()

        with pytest.raises(BeanstalkError, match="nobody wrote down what was before"):
            rollouts.roll_back()

    def test_refuses_what_beanstalk_does_not_have(self, rollouts: Rollouts, cloud: Cloud) -> None:
        with pytest.raises(BeanstalkError, match="has no version"):
            rollouts.roll_back("20200101-000000-1234567")

        assert rollouts.serving() == OLD_SERVES
        assert rollouts.outcomes() == []  # and nothing is under way

    def test_that_was_cut_off_is_gone_on_with_by_the_same_command(
        self, rollouts: Rollouts, cloud: Cloud
    ) -> None:
        """The web is back already, and before it there was nothing that anybody wrote down."""
        rollouts.release()
        cloud.model.stuck = {DESK.worker}
        with pytest.raises(StuckError):
            rollouts.roll_back()
        assert rollouts.serving()[WEB] == OLD
        cloud.model.stuck = set()

        rollouts.roll_back()

        assert rollouts.serving() == OLD_SERVES
        assert rollouts.outcomes() == ["promoted", "promoted"]
