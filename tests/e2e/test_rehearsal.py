"""A short form of `make rehearse`: under load nothing fails that need not, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.judgement import Decision
from tests import databases
from tests.rehearsal.__main__ import prepared, table
from tests.rehearsal.scenarios import MIGRATION, SHORT, Rehearsal
from tests.rehearsal.site import Instance


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory, demo: Path) -> Iterator[Rehearsal]:
    folder = tmp_path_factory.mktemp("rehearsal")
    with (
        databases.own_desk(demo, folder / "var") as url,
        prepared(folder, url, SHORT) as rehearsal,
    ):
        yield rehearsal


def test_a_bad_build_is_judged_and_taken_back(rehearsal: Rehearsal) -> None:
    bad = Instance(rehearsal.site, "15 % fail", fault="failing:0.15")

    rehearsal.canary(bad, expected=Decision.ABORT)

    outcome = rehearsal.outcomes[-1]
    assert outcome.wrong == [], table([outcome])
    assert outcome.failed


def test_a_rolling_update_with_a_migration_fails_no_request(rehearsal: Rehearsal) -> None:
    successor = Instance(rehearsal.site, "next", migration=MIGRATION)

    rehearsal.rolling([successor])

    outcome = rehearsal.outcomes[-1]
    assert outcome.wrong == [], table([outcome])


def test_an_instance_that_is_not_taken_out_first_is_noticed(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the rehearsal claims can fail."""
    monkeypatch.setattr(rehearsal, "_without", lambda _leaving: None)

    rehearsal.restart(count=1)

    outcome = rehearsal.outcomes[-1]
    assert outcome.failed
    assert outcome.wrong[0].startswith("failed: ")
