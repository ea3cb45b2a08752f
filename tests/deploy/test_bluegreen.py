"""Blue and green on a small Beanstalk."""

from __future__ import annotations

import pytest

from deploy.beanstalk import BeanstalkError
from deploy.records import UnderwayError
from deploy.steps import FailedError
from tests.deploy.beanstalk_model import COMMAND
from tests.deploy.beanstalk_server import Cloud
from tests.deploy.rollouts import DESK, GREEN, NEW, OLD, WEB, Rollouts

BLUE_SERVES = {WEB: OLD, DESK.worker: OLD, "live": WEB}
SWAPPED = {WEB: OLD, GREEN: NEW, DESK.worker: NEW, "live": GREEN}


def test_green_takes_the_address_and_blue_stays(rollouts: Rollouts) -> None:
    rollouts.blue_green().run(rollouts.plan())

    assert rollouts.serving() == SWAPPED


def test_green_is_as_blue_was_set_by_hand(rollouts: Rollouts, cloud: Cloud) -> None:
    cloud.model.environments[WEB].settings["aws:autoscaling:asg", "MinSize"] = "4"

    rollouts.blue_green().run(rollouts.plan())

    assert cloud.model.environments[GREEN].settings["aws:autoscaling:asg", "MinSize"] == "4"
    assert sorted(cloud.model.templates) == ["tendril-test-web", "tendril-test-worker"]


def test_blue_ends_when_nobody_is_sent_there_any_more(rollouts: Rollouts) -> None:
    blue_green = rollouts.blue_green()
    blue_green.run(rollouts.plan())

    with pytest.raises(BeanstalkError, match=f"people may still be sent to {WEB}"):
        blue_green.finish()
    rollouts.sleep(3600)
    blue_green.finish()

    assert rollouts.serving() == {GREEN: NEW, DESK.worker: NEW, "live": GREEN}
    assert rollouts.outcomes() == ["promoted"]


def test_it_swaps_back(rollouts: Rollouts) -> None:
    blue_green = rollouts.blue_green()
    blue_green.run(rollouts.plan())

    blue_green.back()

    assert rollouts.serving() == BLUE_SERVES
    assert rollouts.outcomes() == ["swapped back"]


def test_the_next_one_takes_the_other_name(rollouts: Rollouts) -> None:
    blue_green = rollouts.blue_green()
    blue_green.run(rollouts.plan())
    rollouts.sleep(3600)
    blue_green.finish()
    later = "20261103-090000-ccccccc"

    blue_green.run(rollouts.plan(later))

    assert rollouts.serving() == {GREEN: NEW, WEB: later, DESK.worker: later, "live": WEB}


@pytest.mark.parametrize("trouble", ["visit", "health"])
def test_a_green_that_is_ill_never_gets_the_address(
    rollouts: Rollouts, cloud: Cloud, trouble: str
) -> None:
    if trouble == "visit":
        rollouts.wrong = "files: no answer"
    else:
        cloud.model.sick = {f"{NEW}-web"}

    with pytest.raises(FailedError, match=r"files: no answer|its health is Red"):
        rollouts.blue_green().run(rollouts.plan())

    assert rollouts.serving() == BLUE_SERVES
    assert rollouts.outcomes() == ["failed"]


def test_a_swap_whose_answer_was_lost_is_not_done_again(rollouts: Rollouts, cloud: Cloud) -> None:
    """Twice would be back."""
    cloud.troubles["lost"]["SwapEnvironmentCNAMEs"] = 1

    rollouts.blue_green().run(rollouts.plan())

    assert rollouts.serving() == SWAPPED
    assert cloud.calls.count("SwapEnvironmentCNAMEs") == 1
    assert "  the answer was lost, and the addresses are swapped" in rollouts.said


def test_a_swap_that_was_refused_leaves_blue_live(rollouts: Rollouts, cloud: Cloud) -> None:
    cloud.troubles["throttle"]["SwapEnvironmentCNAMEs"] = 1

    with pytest.raises(BeanstalkError, match="Rate exceeded"):
        rollouts.blue_green().run(rollouts.plan())
    assert rollouts.serving()["live"] == WEB
    rollouts.blue_green().run(rollouts.plan())

    assert rollouts.serving() == SWAPPED


def test_no_release_goes_out_between_the_swap_and_its_end(rollouts: Rollouts) -> None:
    rollouts.blue_green().run(rollouts.plan())

    with pytest.raises(UnderwayError, match="a bluegreen of"):
        rollouts.release("20261103-090000-ccccccc")


def test_it_is_abandoned_before_the_swap_alone(rollouts: Rollouts) -> None:
    blue_green = rollouts.blue_green()
    blue_green.run(rollouts.plan())
    current = rollouts.records().current()
    assert current is not None

    with pytest.raises(BeanstalkError, match="swaps them back"):
        blue_green.abandon(current)


def test_a_dry_run_changes_nothing(rollouts: Rollouts, cloud: Cloud) -> None:
    cloud.model.environments[WEB].settings[COMMAND, "DeploymentPolicy"] = "Immutable"
    blue_green, plan = rollouts.blue_green(is_dry=True), rollouts.plan()
    cloud.model.versions |= {f"{NEW}-{tier}": {"Status": "Processed"} for tier in ("web", "worker")}
    cloud.calls.clear()

    blue_green.run(plan)

    assert cloud.writes() == []
    assert not any("is live" in told for told in rollouts.said)
    assert rollouts.serving() == BLUE_SERVES
