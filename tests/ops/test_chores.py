from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import current_app
from hypothesis import given
from hypothesis import strategies as st

from apps.ops.broker.queue import LeaseQueue
from apps.ops.chores import CHORES, Chore, next_time, tick
from apps.ops.models import ChoreRun
from tests.support import NOON

HOURLY = Chore("hourly", "5 * * * *", "apps.ops.tasks.prune_sessions", "a test")


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("* * * * *", datetime(2026, 5, 4, 12, 1, tzinfo=UTC)),
        ("0 12 * * *", datetime(2026, 5, 5, 12, tzinfo=UTC)),
        ("*/10 * * * *", datetime(2026, 5, 4, 12, 10, tzinfo=UTC)),
        ("30 3 1 * *", datetime(2026, 6, 1, 3, 30, tzinfo=UTC)),
        ("0 0 * * 0", datetime(2026, 5, 10, tzinfo=UTC)),
        ("0 0 29 2 *", None),
    ],
)
def test_the_next_time(schedule: str, expected: datetime | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="no minute"):
            next_time(schedule, NOON)
    else:
        assert next_time(schedule, NOON) == expected


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_is_always_later_and_never_skips_one(moment: datetime) -> None:
    for chore in CHORES:
        following = next_time(chore.schedule, moment)
        assert following > moment
        assert next_time(chore.schedule, following - timedelta(minutes=1)) == following


def test_every_chore_is_a_task_that_exists() -> None:
    current_app.loader.import_default_modules()

    assert {chore.task for chore in CHORES} <= set(current_app.tasks)


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> LeaseQueue:
    """Where the test's jobs go. Celery keeps its connections, so it has to forget them."""
    path = tmp_path / "jobs.sqlite3"
    monkeypatch.setattr(current_app.conf, "broker_write_url", f"lease://localhost{path}")
    monkeypatch.setattr(current_app, "_pool", None)
    monkeypatch.setattr(current_app.amqp, "_producer_pool", None)
    return LeaseQueue(path, lease=60)


@pytest.mark.django_db
def test_a_chore_is_sent_when_it_is_due_and_not_before(jobs: LeaseQueue) -> None:
    assert tick(now=NOON, chores=(HOURLY,)) == []
    assert tick(now=NOON + timedelta(minutes=4), chores=(HOURLY,)) == []
    assert tick(now=NOON + timedelta(minutes=5), chores=(HOURLY,)) == ["hourly"]
    assert tick(now=NOON + timedelta(minutes=6), chores=(HOURLY,)) == []

    claim = jobs.claim("heavy")
    assert claim is not None
    assert json.loads(claim.body)["headers"]["task"] == HOURLY.task


@pytest.mark.django_db
def test_missed_times_are_one(jobs: LeaseQueue) -> None:
    tick(now=NOON, chores=(HOURLY,))

    assert tick(now=NOON + timedelta(hours=7), chores=(HOURLY,)) == ["hourly"]
    assert ChoreRun.objects.get().due_at == NOON + timedelta(hours=7, minutes=5)


@pytest.mark.django_db
def test_of_two_who_see_it_due_one_sends(jobs: LeaseQueue) -> None:
    tick(now=NOON, chores=(HOURLY,))
    later = NOON + timedelta(minutes=5)

    sent = [tick(now=later, chores=(HOURLY,)), tick(now=later, chores=(HOURLY,))]

    assert sent == [["hourly"], []]
    assert jobs.size("heavy") == 1
