"""From a commit to versions at Beanstalk."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy import shipping
from deploy.contracts import BreaksError
from deploy.shipping import Wanted
from deploy.steps import Plan
from tests.deploy.beanstalk_server import BUCKET, Cloud
from tests.deploy.rollouts import WEB, Rollouts

Git = Callable[..., None]


@pytest.fixture(autouse=True)
def root(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipping, "ROOT", desk)
    monkeypatch.setattr(shipping, "BUNDLES", tmp_path / "out")


def planned(rollouts: Rollouts, *, is_dry: bool = False, **wanted: Any) -> Plan:
    beanstalk = rollouts.beanstalk(is_dry=is_dry)
    return shipping.plan(beanstalk, Wanted(**wanted), rollouts.said.append)


def asked(tmp_path: Path) -> list[str]:
    return (tmp_path / "out/checkout/asked").read_text().splitlines()


def head(desk: Path) -> str:
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=desk, check=True, capture_output=True)
    return told.stdout.decode().strip()


def test_a_commit_is_released(rollouts: Rollouts, cloud: Cloud, desk: Path, tmp_path: Path) -> None:
    for version in cloud.model.versions.values():
        version["Description"] = f"commit {head(desk)}"
    cloud.parameters["/tendril/test/config/ASSETS_URL"] = "s3://assets"

    plan = planned(rollouts)
    rollouts.releasing().run(plan)

    assert rollouts.serving()[WEB] == plan.label
    assert asked(tmp_path) == ["collectstatic --noinput", "expands --since", "assets"]
    bundle = next(key for key in cloud.objects if key.endswith(".zip") and "-web-" in key)
    assert cloud.objects[bundle] == (tmp_path / "out/web.zip").read_bytes()


def test_what_is_there_is_not_sent_again(rollouts: Rollouts, cloud: Cloud) -> None:
    plan = planned(rollouts)
    plan.ship()
    cloud.calls.clear()

    plan.ship()

    assert cloud.writes() == []


def test_a_dry_run_sends_nothing(rollouts: Rollouts, cloud: Cloud, tmp_path: Path) -> None:
    cloud.parameters["/tendril/test/config/ASSETS_URL"] = "s3://assets"
    plan = planned(rollouts, is_dry=True)

    plan.ship()

    assert cloud.writes() == []
    assert asked(tmp_path) == ["collectstatic --noinput"]
    assert f"s3://{BUCKET}/tendril/{plan.label}-web-" in "".join(rollouts.said)


def test_a_broken_contract_blocks(rollouts: Rollouts, desk: Path, git: Git) -> None:
    then = {"ticket.raised": {"version": 1, "fields": {"id": "int"}}}
    (desk / "contracts/facts.json").write_text(json.dumps(then))
    git("commit", "--quiet", "-am", "a fact")
    live = head(desk)
    (desk / "contracts/facts.json").write_text("{}")
    git("commit", "--quiet", "-am", "and none")

    with pytest.raises(BreaksError, match=r"ticket\.raised is gone\n    nobody used it in 30 days"):
        planned(rollouts).check(f"commit {live}")


def test_a_migration_that_breaks_blocks(rollouts: Rollouts, desk: Path, git: Git) -> None:
    (desk / "manage.py").write_text(
        (desk / "manage.py").read_text() + "if sys.argv[1] == 'expands': sys.exit('drops a column')"
    )
    git("commit", "--quiet", "-am", "x")

    with pytest.raises(BreaksError, match="drops a column"):
        planned(rollouts).check(f"commit {head(desk)}")


class TestTheReleaseBefore:
    """Its tests are run on the new schema, where there is a new one."""

    @pytest.fixture
    def ran(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Of which commit they were run. What they say is told by test_previous.py."""
        ran: list[str] = []
        monkeypatch.setattr(
            "deploy.previous.check", lambda _root, *, then, schema, tell: ran.append(then)
        )
        return ran

    @pytest.fixture
    def live(self, desk: Path, git: Git) -> str:
        live = head(desk)
        (desk / "apps/tickets/migrations").mkdir(parents=True)
        (desk / "apps/tickets/migrations/0002_more.py").write_text("")
        git("add", ".")
        git("commit", "--quiet", "-m", "a migration")
        return live

    def test_is_asked(self, rollouts: Rollouts, live: str, ran: list[str]) -> None:
        planned(rollouts).check(f"commit {live}")

        assert ran == [live]

    def test_is_not_asked_where_nothing_changed(
        self, rollouts: Rollouts, desk: Path, ran: list[str]
    ) -> None:
        planned(rollouts).check(f"commit {head(desk)}")

        assert ran == []
        assert "  the schema stays as it is" in rollouts.said

    def test_is_not_asked_where_a_person_says_so(
        self, rollouts: Rollouts, live: str, ran: list[str]
    ) -> None:
        planned(rollouts, previous=False).check(f"commit {live}")

        assert ran == []
        assert "are not run on it" in rollouts.said[-1]


def test_a_version_that_nobody_knows_is_asked_for(rollouts: Rollouts, desk: Path) -> None:
    with pytest.raises(BreaksError, match="say --since COMMIT"):
        planned(rollouts).check("deployed by hand")
    planned(rollouts, since=head(desk)).check("deployed by hand")
