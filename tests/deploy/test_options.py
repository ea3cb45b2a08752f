"""What `up` changed in a template reaches the environments that were made from it before."""

from __future__ import annotations

import pytest

from deploy import options, stacks
from deploy.beanstalk import BeanstalkError, StuckError
from deploy.options import Options
from deploy.records import UnderwayError
from tests.deploy.beanstalk_model import (
    COMMAND,
    SPLITTING,
    TEMPLATES,
    WEB_TEMPLATE,
    WORKER_TEMPLATE,
    Settings,
)
from tests.deploy.beanstalk_server import Cloud
from tests.deploy.rollouts import DESK, GREEN, NEW, WEB, Rollouts
from tests.deploy.templates import of_type, parse, properties, walk

PERCENT = (SPLITTING, "NewVersionPercent")
PROXIES = ("aws:elasticbeanstalk:application:environment", "TRUSTED_PROXIES")
SHOWN = f"{SPLITTING} NewVersionPercent: 10 -> 50"


@pytest.fixture
def changed(rollouts: Rollouts, cloud: Cloud) -> Rollouts:
    """`up --set CanaryPercent=50`, as far as CloudFormation is concerned."""
    change(cloud, PERCENT, "50")
    return rollouts


def change(cloud: Cloud, option: tuple[str, str], value: str, template: str = WEB_TEMPLATE) -> None:
    cloud.model.templates[template] = cloud.model.templates[template] | {option: value}


def settings(cloud: Cloud, name: str = WEB) -> Settings:
    return cloud.model.environments[name].settings


def test_a_changed_template_reaches_an_environment(changed: Rollouts, cloud: Cloud) -> None:
    told = changed.options()

    assert told == [SHOWN, f"{WEB} ... changed", f"{DESK.worker} ... as its template says"]
    assert settings(cloud)[PERCENT] == "50"
    assert changed.records().current() is None
    assert list(changed.records().past()) == []  # no release, and none to go back to


def test_an_option_that_is_new_reaches_it(rollouts: Rollouts, cloud: Cloud) -> None:
    """As of a desk that answers CloudFront alone from now on: its processes are started again."""
    change(cloud, PROXIES, "3")

    assert f"{PROXIES[0]} TRUSTED_PROXIES: nothing -> 3" in rollouts.options()
    assert settings(cloud)[PROXIES] == "3"


def test_each_tier_has_its_own_template(rollouts: Rollouts, cloud: Cloud) -> None:
    change(cloud, (COMMAND, "Timeout"), "900", WORKER_TEMPLATE)

    rollouts.options()

    assert settings(cloud, DESK.worker)[COMMAND, "Timeout"] == "900"
    assert (COMMAND, "Timeout") not in settings(cloud)


def test_twice_is_once(changed: Rollouts, cloud: Cloud) -> None:
    changed.options()
    cloud.calls.clear()

    changed.options()

    assert cloud.writes() == []


def test_a_no_changes_nothing(changed: Rollouts, cloud: Cloud) -> None:
    assert f"{WEB} ... left as it is" in changed.options(agree=False)
    assert cloud.writes() == []


def test_a_dry_run_shows_and_changes_nothing(changed: Rollouts, cloud: Cloud) -> None:
    assert SHOWN in changed.options(is_dry=True, agree=False)
    assert cloud.writes() == []


def test_what_no_template_names_is_left_alone(rollouts: Rollouts, cloud: Cloud) -> None:
    """Beanstalk may tell its defaults as well, and they would win over .ebextensions."""
    health = ("aws:elasticbeanstalk:application", "Application Healthcheck URL")
    change(cloud, health, "")
    settings(cloud)[health] = "/healthz/"

    assert rollouts.options()[0] == f"{WEB} ... as its template says"


@pytest.mark.parametrize(
    ("has", "says"), [("b, a", "a,b"), ("a,b", "b,a"), ("True", "true"), ("1", "1")]
)
def test_the_same_in_other_words_is_the_same(
    rollouts: Rollouts, cloud: Cloud, has: str, says: str
) -> None:
    subnets = ("aws:ec2:vpc", "Subnets")
    settings(cloud)[subnets] = has
    change(cloud, subnets, says)

    assert rollouts.options()[0] == f"{WEB} ... as its template says"


class TestWhileSomethingIsUnderWay:
    def test_a_release_is_not_disturbed(self, changed: Rollouts, cloud: Cloud) -> None:
        cloud.model.stuck = {DESK.worker}
        with pytest.raises(StuckError):
            changed.release()
        cloud.calls.clear()

        with pytest.raises(UnderwayError, match=f"{WEB} is left as it is: a release of {NEW}"):
            changed.options()

        assert cloud.writes() == []
        assert settings(cloud)[PERCENT] == "10"

    def test_nobody_is_disturbed_who_is_at_work(self, changed: Rollouts, cloud: Cloud) -> None:
        cloud.model.turn(WEB, "Updating")

        with pytest.raises(BeanstalkError, match=f"{WEB} is Updating"):
            changed.options()

        assert cloud.writes() == []

    def test_no_release_begins(self, changed: Rollouts, cloud: Cloud) -> None:
        cloud.model.stuck = {WEB}
        with pytest.raises(StuckError):
            changed.options()
        cloud.model.stuck = set()
        changed.sleep(3600)

        with pytest.raises(
            UnderwayError, match=r"a change of options is under way .* up --stage test --only"
        ):
            changed.release()

    def test_it_is_abandoned(self, changed: Rollouts, cloud: Cloud) -> None:
        cloud.model.stuck = {WEB}
        with pytest.raises(StuckError):
            changed.options()
        cloud.model.stuck = set()
        current = changed.records().current()
        assert current is not None

        Options(changed.steps()).abandon(current)

        assert changed.records().current() is None
        assert settings(cloud)[PERCENT] == "10"
        assert cloud.model.environments[WEB].status == "Ready"


def test_what_beanstalk_takes_back_is_told(changed: Rollouts, cloud: Cloud) -> None:
    cloud.model.unwanted = {PERCENT}

    with pytest.raises(BeanstalkError, match=f"{WEB} is as it was: Failed to update the config"):
        changed.options()

    assert changed.records().current() is None


def test_what_beanstalk_refuses_is_told(changed: Rollouts, cloud: Cloud) -> None:
    cloud.model.refused = {PERCENT}

    with pytest.raises(BeanstalkError, match="Invalid option value"):
        changed.options()

    assert changed.records().current() is None


def test_green_is_as_blue_and_says_what_its_template_says_otherwise(
    changed: Rollouts, cloud: Cloud
) -> None:
    changed.blue_green().run(changed.plan())

    assert settings(cloud, GREEN)[PERCENT] == "10"
    assert f"  as {WEB} has it, and not as its template says: {SHOWN}" in changed.said


def test_green_has_what_up_brought_to_blue(changed: Rollouts, cloud: Cloud) -> None:
    changed.options()

    changed.blue_green().run(changed.plan())

    assert settings(cloud, GREEN)[PERCENT] == "50"


@pytest.mark.parametrize("tier", ["web", "worker"])
def test_the_options_of_a_template_are_all_read(tier: str) -> None:
    """Also those that stand in conditions."""
    found = dict(of_type(parse((stacks.INFRA / "application.yaml").read_text()), KIND))
    told = properties(found[f"{tier.title()}Template"])["OptionSettings"]
    all_of_them = [
        (each["Namespace"], each["OptionName"])
        for each in walk(told)
        if isinstance(each, dict) and "OptionName" in each
    ]

    assert options.named(tier) == all_of_them
    assert set(TEMPLATES[DESK.template(tier)]) <= set(all_of_them)


KIND = "AWS::ElasticBeanstalk::ConfigurationTemplate"
