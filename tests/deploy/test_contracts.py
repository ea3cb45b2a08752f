"""Contracts of two commits: what breaks whoever reads them is found, and blocks unless it may."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.contracts import BreaksError, broken, check
from deploy.stacks import INFRA

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


def test_a_break_blocks_unless_it_is_allowed_by_name(repository: Path) -> None:
    with pytest.raises(BreaksError, match=r"has no team any more\n.*--allow 'ticket\.raised'"):
        check(repository, then="HEAD~1", now="HEAD", allowed=[])
    check(repository, then="HEAD~1", now="HEAD", allowed=["ticket.raised"])


def test_a_commit_that_is_not_known_blocks(repository: Path) -> None:
    with pytest.raises(BreaksError, match="Fetch the commit that is live"):
        check(repository, then="f" * 40, now="HEAD", allowed=[])
