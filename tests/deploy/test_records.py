"""Two who go on with the same release, from two places: one does, and the other hears of it."""

from __future__ import annotations

import dataclasses

import pytest

from deploy.records import Record, UnderwayError
from tests.deploy.beanstalk_model import Behaviour
from tests.deploy.beanstalk_server import Cloud
from tests.deploy.rollouts import NEW, WEB, Rollouts


@pytest.fixture
def begun(rollouts: Rollouts) -> Record:
    record = Record(kind="release", label=NEW, commit="", began=rollouts.now(), web=WEB)
    return rollouts.records().begin(record)


def failed(record: Record, why: str) -> Record:
    return dataclasses.replace(record, failure=why)


def test_who_knows_it_as_it_was_writes_nothing_over(rollouts: Rollouts, begun: Record) -> None:
    mine, theirs = rollouts.records(), rollouts.records()
    kept = mine.keep(failed(begun, "mine"))

    with pytest.raises(UnderwayError, match=f"somebody else goes on with the release of {NEW}"):
        theirs.keep(failed(begun, "theirs"))

    assert mine.current() == kept
    assert mine.keep(failed(kept, "and on")).failure == "and on"


def test_who_knows_it_as_it_was_ends_nothing(rollouts: Rollouts, begun: Record) -> None:
    mine, theirs = rollouts.records(), rollouts.records()
    kept = mine.keep(failed(begun, "mine"))

    with pytest.raises(UnderwayError, match="somebody else goes on"):
        theirs.forget(begun)

    assert mine.current() == kept


def test_what_is_written_down_first_holds(rollouts: Rollouts, begun: Record) -> None:
    rollouts.records().end(begun, "promoted")

    with pytest.raises(UnderwayError, match="is written down as promoted already"):
        rollouts.records().end(begun, "failed")

    assert rollouts.outcomes() == ["promoted"]


def test_what_is_ended_is_not_kept_again(rollouts: Rollouts, begun: Record) -> None:
    rollouts.records().end(begun, "promoted")

    with pytest.raises(UnderwayError, match="somebody else goes on"):
        rollouts.records().keep(failed(begun, "late"))

    assert rollouts.records().current() is None


def test_to_end_it_ends_nothing_that_was_begun_since(rollouts: Rollouts, begun: Record) -> None:
    rollouts.records().end(begun, "promoted")
    later = dataclasses.replace(begun, label="later", etag="")
    rollouts.records().begin(later)

    rollouts.records().end(begun, "promoted")

    assert rollouts.records().current() == later


@pytest.mark.parametrize("action", ["PutObject", "DeleteObject"])
def test_a_lost_answer_is_no_somebody_else(
    rollouts: Rollouts, cloud: Cloud, begun: Record, action: str
) -> None:
    cloud.troubles["lost"][action] = 1

    kept = rollouts.records().keep(failed(begun, "mine"))
    cloud.troubles["lost"][action] = 1
    rollouts.records().end(kept, "failed")

    assert rollouts.outcomes() == ["failed"]


def test_a_laptop_that_wakes_up_leaves_it_to_who_went_on(
    rollouts: Rollouts, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own judge would abort; another process has written down the same already."""
    cloud.model.behaviour[NEW] = Behaviour(failed=10)
    others = iter([True])
    keep = type(rollouts.records()).keep

    def late(records: object, record: Record) -> Record:
        if record.verdict and next(others, False):
            theirs = rollouts.records()
            there = theirs.current()
            assert there is not None
            keep(theirs, failed(there, "abandoned by hand"))
        return keep(records, record)  # type: ignore[arg-type]

    monkeypatch.setattr("deploy.records.Records.keep", late)

    with pytest.raises(UnderwayError, match="somebody else goes on"):
        rollouts.release()

    assert "AbortEnvironmentUpdate" not in cloud.calls
