"""Contracts of two commits: what breaks whoever reads them is found, and blocks unless it may."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy import consumers
from deploy.consumers import Usage, Use
from deploy.contracts import BreaksError, broken, check
from deploy.stacks import INFRA
from tests.deploy.beanstalk_server import Cloud
from tests.deploy.rollouts import WEB, Rollouts

ROOT = INFRA.parent


def fact(version: int = 1, **fields: str) -> dict[str, Any]:
    return {"version": version, "fields": fields}


THEN = {"ticket.raised": fact(id="int", team="str")}


@pytest.mark.parametrize(
    ("now", "why"),
    [
        ({}, "is gone"),
        ({"ticket.raised": fact(id="int")}, "has no team any more"),
        ({"ticket.raised": fact(id="str", team="str")}, "says id in another form"),
        ({"ticket.raised": fact(2, id="int", team="str")}, "goes from version 1 to 2"),
        ({"ticket.raised": fact(2, id="int")}, "has no team any more"),
    ],
)
def test_what_readers_would_not_understand_is_found(now: dict[str, Any], why: str) -> None:
    assert list(broken(THEN, now)) == [("ticket.raised", why)]


def test_what_is_added_breaks_nobody() -> None:
    now = {"ticket.raised": fact(id="int", team="str", more="str"), "ticket.new": fact()}

    assert list(broken(THEN, now)) == []


def test_the_streams_line_is_among_them() -> None:
    """As it stands in the repository: what `check` reads of both commits."""
    known = json.loads((ROOT / "contracts/bodies.json").read_text())
    now = copy.deepcopy(known)
    del now["stream: line"]["fields"]["correlation_id"]

    assert list(broken(known, now)) == [("stream: line", "has no correlation_id any more")]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits, of which the second breaks a fact."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-C", str(tmp_path)]
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "contracts").mkdir()
    for facts in (THEN, {"ticket.raised": fact(id="int")}):
        (tmp_path / "contracts/facts.json").write_text(json.dumps(facts))
        (tmp_path / "contracts/bodies.json").write_text("{}")
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "--quiet", "-m", "x"], check=True)
    return tmp_path


USED = Usage(
    uses=[
        Use("ticket.raised", "webhook CRM (3) of ACME", "2026-10-31", 41),
        Use("webhook: ticket.raised", "webhook Pager (4) of our own", "2026-11-01", 2),
        Use("api: work", "token 7 of ACME", "2026-10-09", 0),
    ],
    days=30,
)


def held(
    repository: Path, *allowed: str, then: str = "HEAD~1", usage: Usage | None = USED
) -> list[str]:
    """What is told on the way; without a usage nobody may ask for it."""

    def ask() -> Usage:
        assert usage is not None
        return usage

    said: list[str] = []
    check(repository, then=then, now="HEAD", allowed=allowed, usage=ask, tell=said.append)
    return said


def test_a_break_blocks_and_says_who_used_it(repository: Path) -> None:
    with pytest.raises(BreaksError) as refused:
        held(repository)

    assert str(refused.value).splitlines() == [
        "Whoever reads these of the version that is live would break:",
        "  ticket.raised has no team any more",
        "    webhook CRM (3) of ACME: last on 2026-10-31, 41 times",
        "If they all know: --allow 'ticket.raised'",
    ]


def test_a_break_that_is_allowed_by_name_is_told_and_passes(repository: Path) -> None:
    (told,) = held(repository, "ticket.raised")

    assert "may break, as it was allowed" in told
    assert "webhook CRM (3) of ACME" in told


def test_a_name_that_breaks_nothing_is_told(repository: Path) -> None:
    assert held(repository, "ticket.rased", then="HEAD", usage=None) == [
        "  --allow 'ticket.rased': nothing of that name breaks"
    ]


def test_what_nobody_used_blocks_and_is_said(repository: Path) -> None:
    with pytest.raises(BreaksError, match="nobody used it in 30 days"):
        held(repository, usage=Usage(days=30))


def test_what_is_not_known_counts_as_used(repository: Path) -> None:
    with pytest.raises(BreaksError, match="whether anybody uses it is not known: no instance"):
        held(repository, usage=Usage(unknown="no instance"))


@pytest.mark.parametrize(
    ("contract", "lines"),
    [
        ("ticket.raised", ["webhook CRM (3) of ACME: last on 2026-10-31, 41 times"]),
        ("webhook: ticket.raised", ["webhook Pager (4) of our own: last on 2026-11-01, 2 times"]),
        (
            "webhook",
            [
                "webhook CRM (3) of ACME: last on 2026-10-31, 41 times",
                "webhook Pager (4) of our own: last on 2026-11-01, 2 times",
            ],
        ),
        ("api: GET /api/me", ["token 7 of ACME: last on 2026-10-09"]),
        ("topic: fact", ["who listens to the topic the desk does not know"]),
        ("ticket.closed", ["nobody used it in 30 days"]),
    ],
)
def test_a_contract_is_joined_with_its_readers(contract: str, lines: list[str]) -> None:
    assert USED.of(contract) == lines


class TestAnInstance:
    """Who used what is asked of the desk that is live."""

    def test_says_who(self, rollouts: Rollouts, cloud: Cloud) -> None:
        cloud.consumers = (
            '{"at":"2026-11-02T09:00:00+00:00","days":30,"uses":'
            '[["ticket.raised v1","webhook CRM (3) of ACME","2026-10-31",41]]}'
        )

        usage = consumers.ask(rollouts.beanstalk())

        assert usage == Usage(uses=[USED.uses[0]], days=30)

    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            ('[{"consumer":"x"}]', "can't be read"),  # the release before told it otherwise
            ("no json", "can't be read"),
            ('{"days":30,"uses":[["ticket.raised v1"]]}', "can't be read"),
            ('{"days":30,"uses":[' + "9," * 20_000, "longer than Systems Manager carries"),
        ],
    )
    def test_that_is_not_understood_is_no_answer(
        self, rollouts: Rollouts, cloud: Cloud, answer: str, why: str
    ) -> None:
        cloud.consumers = answer

        assert why in consumers.ask(rollouts.beanstalk()).unknown

    def test_that_fails_says_why(self, rollouts: Rollouts, cloud: Cloud) -> None:
        cloud.ill = {f"i-{WEB}"}

        assert "database: no answer" in consumers.ask(rollouts.beanstalk()).unknown

    def test_that_is_not_there_is_said(self, rollouts: Rollouts, cloud: Cloud) -> None:
        cloud.empty = {WEB}

        assert consumers.ask(rollouts.beanstalk()).unknown == f"{WEB} has no instance"


def test_a_commit_that_is_not_known_blocks(repository: Path) -> None:
    with pytest.raises(BreaksError, match="Fetch the commit that is live"):
        held(repository, then="f" * 40)
