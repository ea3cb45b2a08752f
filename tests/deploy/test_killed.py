"""Whatever is killed at whatever call: the same command, run again, ends as if nothing had been."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from deploy import beanstalk, release
from deploy.steps import FailedError
from tests.deploy.beanstalk_model import SPLITTING, WEB_TEMPLATE, Behaviour
from tests.deploy.beanstalk_server import Cloud
from tests.deploy.rollouts import DESK, GREEN, NEW, OLD, WEB, Killed, Killer, Rollouts

Deed = Callable[[Rollouts], object]


@pytest.fixture(autouse=True)
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks are rarer than in life: each of them is a place to be killed at."""
    monkeypatch.setattr(beanstalk, "LOOK", 60)
    monkeypatch.setattr(release, "LOOK", 60)


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch) -> Killer:
    killer = Killer()
    killer.install(monkeypatch)
    return killer


def killed_at_each(
    killer: Killer, cloud: Cloud, prepare: Deed, deed: Deed
) -> Iterator[tuple[str, Rollouts]]:
    """The deed killed at each place, and done again. Yields what there is then."""
    rollouts = Rollouts(cloud)
    rollouts.begin()
    prepare(rollouts)
    rollouts.sleep(3700)
    kept = cloud.kept()
    for at in count(1):
        cloud.bring(kept)
        killer.begin(at)
        try:
            deed(rollouts)
        except Killed:
            place = f"{at}: {killer.places[-1]}"
        else:
            assert at > 4  # all of its places were tried
            return
        killer.begin(0)
        deed(rollouts)
        yield place, rollouts


def good(rollouts: Rollouts) -> None:
    rollouts.release()


def bad(rollouts: Rollouts) -> None:
    with pytest.raises(FailedError):
        rollouts.release()


def ill(rollouts: Rollouts) -> None:
    rollouts.cloud.model.behaviour[NEW] = Behaviour(failed=10)


def sick(rollouts: Rollouts) -> None:
    rollouts.cloud.model.sick = {f"{NEW}-web"}


def sick_worker(rollouts: Rollouts) -> None:
    rollouts.cloud.model.sick = {f"{NEW}-worker"}


def fail_first(rollouts: Rollouts) -> None:
    rollouts.fail_first()


def nothing(_: Rollouts) -> None:
    """The desk is as it is."""


def swap(rollouts: Rollouts) -> None:
    rollouts.blue_green().run(rollouts.plan())


def swap_back(rollouts: Rollouts) -> None:
    if rollouts.records().current():  # otherwise it was done, but for being told so
        rollouts.blue_green().back()


def finish(rollouts: Rollouts) -> None:
    if rollouts.records().current():
        rollouts.blue_green().finish()


def roll_back(rollouts: Rollouts) -> None:
    rollouts.roll_back(OLD)


def change(rollouts: Rollouts) -> None:
    model = rollouts.cloud.model
    percent = (SPLITTING, "NewVersionPercent")
    model.templates[WEB_TEMPLATE] = model.templates[WEB_TEMPLATE] | {percent: "50"}


def bring(rollouts: Rollouts) -> None:
    rollouts.options()


BLUE = {WEB: OLD, DESK.worker: OLD, "live": WEB}


RELEASED = {WEB: NEW, DESK.worker: NEW, "live": WEB}
SWAPPED = {WEB: OLD, GREEN: NEW, DESK.worker: NEW, "live": GREEN}
ENDED = {GREEN: NEW, DESK.worker: NEW, "live": GREEN}


@pytest.mark.parametrize(
    ("prepare", "deed", "serving", "outcome", "updates"),
    [
        (nothing, good, RELEASED, "promoted", 2),
        (ill, bad, BLUE, "aborted", 3),
        (sick, bad, BLUE, "failed", 3),
        (sick_worker, bad, BLUE, "failed", 1),
        (nothing, swap, SWAPPED, "", 1),
        (swap, swap_back, BLUE, "swapped back", 1),
        (swap, finish, ENDED, "promoted", 0),
        (good, roll_back, BLUE, "promoted", 4),
        (fail_first, good, RELEASED, "promoted", 4),
        (change, bring, BLUE, "", 1),
    ],
    ids=[
        "release",
        "ill",
        "sick",
        "sick-worker",
        "swap",
        "swap-back",
        "finish",
        "rollback",
        "fix",
        "options",
    ],
)
def test_it_ends_alike(
    *,
    killer: Killer,
    cloud: Cloud,
    prepare: Deed,
    deed: Deed,
    serving: dict[str, str],
    outcome: str,
    updates: int,
) -> None:
    for place, rollouts in killed_at_each(killer, cloud, prepare, deed):
        assert rollouts.serving() == serving, place
        if outcome:
            assert rollouts.outcomes()[0] == outcome, place
        for each in cloud.model.environments.values():
            assert each.is_ended or each.status == "Ready", place
        if deed is bring:
            settings = cloud.model.environments[WEB].settings
            assert settings == cloud.model.templates[WEB_TEMPLATE], place
            assert rollouts.records().current() is None, place
        # Nothing is deployed twice; but when all was done and written down, it is asked for anew.
        if "DeleteObject" not in place:
            assert cloud.calls.count("UpdateEnvironment") <= updates, place
