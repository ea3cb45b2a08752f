from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.portal.outlook import Outlook, Standing, outlook
from apps.tickets.statuses import StatusCategory
from apps.tickets.working_days import working_days_after, working_days_before
from tests.support import NOON

LATER = NOON + timedelta(days=2)


def looking(category: str, **said: object) -> Outlook:
    standing = Standing(category=category, updated_at=NOON, **said)  # type: ignore[arg-type]
    return outlook(standing, now=NOON, close_pending_days=10, reopen_days=14)


@pytest.mark.parametrize(
    ("category", "said", "told", "expected"),
    [
        ("new", {}, "Somebody will read it soon", (None, "us", 1)),
        ("open", {"has_answer": True}, "We are working on it", (None, "us", 2)),
        ("open", {"due_at": LATER}, "answer by 6 May 2026", (LATER, "us", 2)),
        ("open", {"due_at": NOON}, "longer than we meant", (None, "us", 2)),
        ("pending", {}, "by 18 May 2026, we close it", (NOON + timedelta(days=14), "you", 2)),
        ("on_hold", {}, "somebody outside", (None, "us", 2)),
        ("scheduled", {"scheduled_until": LATER}, "on 6 May 2026", (LATER, "us", 2)),
        ("scheduled", {"scheduled_until": NOON}, "now", (None, "us", 2)),
        ("resolved", {"resolved_at": NOON}, "by 18 May 2026", (NOON + timedelta(days=14), "", 3)),
        ("resolved", {"resolved_at": NOON - timedelta(days=15)}, "close it soon", (None, "", 3)),
        ("closed", {}, "is closed. A reply opens a new one", (None, "", 3)),
        ("cancelled", {}, "withdrawn", (None, "", 0)),
        ("merged", {}, "goes on in another one", (None, "", 0)),
        ("spam", {}, "Nothing more", (None, "", 0)),
    ],
)
def test_says_what_happens_next_and_by_when(
    category: str,
    said: dict[str, object],
    told: str,
    expected: tuple[datetime | None, str, int],
) -> None:
    found = looking(category, **said)

    assert told in found.text
    assert (found.by, found.waits_for, found.progress) == expected


@pytest.mark.parametrize("category", StatusCategory)
def test_has_words_for_every_category(category: StatusCategory) -> None:
    dates = {"resolved_at": NOON, "scheduled_until": LATER}

    assert looking(category, **dates).text


moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments, st.integers(1, 40))
def test_no_request_closes_before_the_day_that_was_promised(asked: datetime, days: int) -> None:
    promised = working_days_after(asked, days)

    assert working_days_before(promised, days) <= asked
