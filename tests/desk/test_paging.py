"""Pages of the queue show every row exactly once, there and back, in every order."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from apps.desk import listing
from apps.desk.listing import Page, Question
from apps.tickets.filters import Filter
from apps.tickets.models import Ticket
from apps.tickets.orders import ORDERS
from tests.cast import Cast
from tests.support import NOON
from tests.tickets.desk import raised

pytestmark = pytest.mark.django_db
ROWS = 23


@pytest.fixture
def tickets(cast: Cast) -> list[int]:
    """With few different values, so that most of them tie."""
    rng = random.Random(5)
    numbers = [raised(cast, subject=f"{n}").pk for n in range(ROWS)]
    for pk in numbers:
        moment = NOON + timedelta(microseconds=rng.randint(0, 2))
        Ticket.objects.filter(pk=pk).update(
            priority=rng.randint(1, 3),
            updated_at=moment,
            raised_at=NOON + timedelta(microseconds=rng.randint(0, 2)),
            waiting_since=moment,
            next_due_at=moment + timedelta(hours=1),
        )
    resolved = Ticket.objects.filter(pk__in=numbers[::5])
    status = resolved[0].status.__class__.objects.get(category="resolved", is_default=True)
    resolved.update(status=status, status_category="resolved", resolved_at=NOON)
    return numbers


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("status", [("new",), ("resolved",), ("new", "resolved")])
def test_every_row_stands_on_one_page(
    cast: Cast,
    tickets: list[int],
    monkeypatch: pytest.MonkeyPatch,
    order: str,
    status: tuple[str, ...],
) -> None:
    monkeypatch.setattr(listing, "PAGE", 3)
    question = Question(
        filter=Filter(status=status),
        order=ORDERS[order],
        actor=cast.actor(cast.alice),
        now=NOON,
        parents={},
    )
    pages: list[Page] = [question.page()]
    while pages[-1].older:
        pages.append(question.page(after=pages[-1].older))
    back: list[Page] = [pages[-1]]
    while back[-1].newer:
        back.append(question.page(before=back[-1].newer))

    there = [row["pk"] for page in pages for row in page.rows]
    again = [[row["pk"] for row in page.rows] for page in reversed(back)]
    expected = Ticket.objects.filter(status_category__in=status)
    assert sorted(there) == sorted(expected.values_list("pk", flat=True))
    assert again[1:] == [[row["pk"] for row in page.rows] for page in pages[1:]]
    assert again[0] == [row["pk"] for row in pages[0].rows]
    assert [row["pk"] for row in ORDERS[order].sort(expected).values("pk")] == there


@pytest.mark.parametrize("mark", ["", "x", "~", "1~2~3~4", "2026-01-01~1", "9" * 40 + "~1"])
def test_a_mark_that_is_none_begins_at_the_beginning(cast: Cast, mark: str) -> None:
    raised(cast)
    question = Question(
        filter=Filter(),
        order=ORDERS["activity"],
        actor=cast.actor(cast.alice),
        now=NOON,
        parents={},
    )

    assert len(question.page(after=mark).rows) == len(question.page(before=mark).rows) == 1


def test_news_are_what_changed_since(cast: Cast) -> None:
    raised(cast)
    question = Question(
        filter=Filter(assignee=("none",)),
        order=ORDERS["activity"],
        actor=cast.actor(cast.alice),
        now=NOON,
        parents={},
    )

    assert question.news(NOON - timedelta(seconds=1)) == 1
    assert question.news(NOON) == 0
