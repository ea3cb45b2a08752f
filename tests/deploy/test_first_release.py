"""A first release, and what follows when it fails: the fix is judged beside nothing."""

from __future__ import annotations

import pytest

from deploy.beanstalk import StuckError
from deploy.steps import FailedError
from tests.deploy.beanstalk_model import COMMAND, Behaviour
from tests.deploy.beanstalk_server import Cloud
from tests.deploy.rollouts import DESK, NEW, OLD, WEB, Rollouts

NEW_SERVES = {WEB: NEW, DESK.worker: NEW, "live": WEB}
OLD_SERVES = {WEB: OLD, DESK.worker: OLD, "live": WEB}


@pytest.fixture
def failed(cloud: Cloud) -> Rollouts:
    rollouts = Rollouts(cloud)
    rollouts.fail_first()
    assert rollouts.serving() == OLD_SERVES  # it has the address, and serves nobody
    cloud.model.is_silent = True  # no figures of it, so none to compare with
    return rollouts


def policy(cloud: Cloud) -> str:
    return cloud.model.environments[WEB].settings[COMMAND, "DeploymentPolicy"]


def test_its_fix_goes_to_all_instances_and_says_that_nobody_judges_it(
    failed: Rollouts, cloud: Cloud
) -> None:
    record = failed.release()

    assert failed.serving() == NEW_SERVES
    assert failed.outcomes() == ["promoted", "failed"]
    assert record.verdict is None
    assert policy(cloud) == "TrafficSplitting"
    assert any("nobody judges it but Beanstalk" in told for told in failed.said)


def test_the_same_version_is_tried_again_when_its_cause_is_mended(
    failed: Rollouts, cloud: Cloud
) -> None:
    """As where the database was not reached."""
    cloud.model.sick = set()

    failed.release(OLD)

    assert failed.outcomes() == ["promoted", "failed"]
    assert cloud.model.environments[WEB].health == "Green"


def test_one_that_became_well_by_itself_is_still_no_measure(failed: Rollouts, cloud: Cloud) -> None:
    cloud.model.environments[WEB].health = "Green"

    failed.release()

    assert failed.outcomes() == ["promoted", "failed"]


def test_a_fix_that_fails_as_well_leaves_the_policy_as_it_was(
    failed: Rollouts, cloud: Cloud
) -> None:
    cloud.model.sick |= {DESK.version(NEW, "web")}

    with pytest.raises(FailedError, match=f"{OLD} serves as before"):
        failed.release()

    assert failed.serving() == OLD_SERVES
    assert policy(cloud) == "TrafficSplitting"


def test_a_fix_that_is_abandoned_leaves_the_policy_as_it_was(
    failed: Rollouts, cloud: Cloud
) -> None:
    cloud.model.stuck = {WEB}
    with pytest.raises(StuckError):
        failed.release()
    cloud.model.stuck = set()
    current = failed.records().current()
    assert current is not None

    with pytest.raises(FailedError, match="abandoned by hand"):
        failed.releasing().abandon(current)

    assert policy(cloud) == "TrafficSplitting"
    assert failed.outcomes() == ["failed", "failed"]


def test_what_comes_after_it_is_judged(failed: Rollouts, cloud: Cloud) -> None:
    failed.release()
    third = "20261103-100000-ccccccc"
    cloud.model.is_silent = False
    cloud.model.behaviour[third] = Behaviour(failed=10)

    with pytest.raises(FailedError, match="the judge sent the canary back"):
        failed.release(third)


def test_a_dry_run_says_the_same_and_changes_nothing(failed: Rollouts, cloud: Cloud) -> None:
    plan = failed.plan()
    cloud.calls.clear()

    failed.releasing(is_dry=True).run(plan)

    assert [call for call in cloud.writes() if call != "CreateApplicationVersion"] == []
    assert f"  would deploy {NEW}-web to {WEB}" in failed.said
