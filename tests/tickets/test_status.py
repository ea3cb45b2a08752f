from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.kernel.actors import SYSTEM
from apps.kernel.errors import ForbiddenError
from apps.tickets import actions, tasks
from apps.tickets.errors import DateMissingError, StaleTicketError, TransitionRefusedError
from apps.tickets.models import Ticket
from apps.tickets.statuses import StatusCategory
from apps.tickets.working_days import working_days_before
from tests.cast import Cast
from tests.support import NOON
from tests.tickets.desk import LATER, facts, last_fact, raised, standing, status

pytestmark = pytest.mark.django_db

# The domain's table, written once more by hand.
ALLOWED = {
    "new": {"open", "pending", "resolved", "cancelled", "spam"},
    "open": {"pending", "on_hold", "scheduled", "resolved", "cancelled", "spam"},
    "pending": {"open", "resolved", "closed"},
    "on_hold": {"open", "resolved"},
    "scheduled": {"open"},
    "resolved": {"open", "closed"},
    "closed": set(),
    "cancelled": set(),
    "spam": set(),
    "merged": set(),
}
CATEGORIES = [category.value for category in StatusCategory]


@pytest.mark.parametrize(("source", "target"), list(itertools.permutations(CATEGORIES, 2)))
def test_goes_where_the_workflow_lets_it(cast: Cast, source: str, target: str) -> None:
    ticket = standing(cast, source)
    until = LATER + timedelta(days=1) if target == "scheduled" else None
    before = facts(ticket)

    try:
        actions.change_status(
            ticket=ticket, status=status(target), until=until, actor=SYSTEM, now=LATER
        )
    except TransitionRefusedError:
        moved = False
    else:
        moved = True

    assert moved == (target in ALLOWED[source])
    fresh = Ticket.objects.get(pk=ticket.pk)
    assert fresh.status_category == (target if moved else source)
    assert (facts(ticket) != before) == moved


def test_doing_it_twice_records_nothing_more(cast: Cast) -> None:
    ticket = standing(cast, "open")
    before = facts(ticket)

    actions.change_status(ticket=ticket, status=status("open"), actor=SYSTEM, now=LATER)

    assert facts(ticket) == before
    assert Ticket.objects.get().version == ticket.version


def test_a_scheduled_one_needs_a_moment_to_come(cast: Cast) -> None:
    ticket = standing(cast, "open")

    for until in (None, NOON, LATER):
        with pytest.raises(DateMissingError):
            actions.change_status(
                ticket=ticket, status=status("scheduled"), until=until, actor=SYSTEM, now=LATER
            )


def test_of_two_agents_the_second_is_told(cast: Cast) -> None:
    ticket = raised(cast)
    actions.take(ticket=ticket, actor=cast.actor(cast.alice), now=NOON)

    with pytest.raises(StaleTicketError):
        actions.change_status(
            ticket=ticket,
            status=status("pending"),
            expected_version=ticket.version,
            actor=cast.actor(cast.lena),
            now=LATER,
        )


def test_customers_say_only_whether_it_is_solved(cast: Cast) -> None:
    ticket = raised(cast)
    rachel = cast.actor(cast.rachel)

    with pytest.raises(ForbiddenError):
        actions.change_status(ticket=ticket, status=status("resolved"), actor=rachel, now=LATER)
    assert actions.solve(ticket=ticket, actor=rachel, now=LATER).status_category == "resolved"
    assert actions.reopen(ticket=ticket, actor=rachel, now=LATER).status_category == "open"
    for stranger in (cast.oscar, cast.ross):
        with pytest.raises(ForbiddenError):
            actions.solve(ticket=ticket, actor=cast.actor(stranger), now=LATER)


def test_a_scheduled_one_wakes_when_its_date_comes(cast: Cast) -> None:
    ticket = standing(cast, "open")
    until = timezone.now() + timedelta(hours=1)
    actions.change_status(
        ticket=ticket, status=status("scheduled"), until=until, actor=SYSTEM, now=timezone.now()
    )

    tasks.wake_scheduled()
    assert Ticket.objects.get().status_category == "scheduled"
    Ticket.objects.update(scheduled_until=timezone.now())
    tasks.wake_scheduled()
    tasks.wake_scheduled()

    assert Ticket.objects.get().status_category == "open"
    assert facts(ticket).count("ticket.status_changed") == 3


@pytest.mark.parametrize(("category", "days"), [("resolved", 15), ("pending", 15)])
def test_what_nobody_answers_closes_by_itself(cast: Cast, category: str, days: int) -> None:
    ticket = standing(cast, category)
    chore = tasks.close_resolved if category == "resolved" else tasks.close_pending
    now = timezone.now()

    Ticket.objects.update(updated_at=now, **_solved(category, now))
    chore()
    assert Ticket.objects.get().status_category == category
    long_ago = now - timedelta(days=days)
    Ticket.objects.update(updated_at=long_ago, **_solved(category, long_ago))
    chore()

    assert Ticket.objects.get().status_category == "closed"
    assert last_fact(ticket) == {"name": "ticket.closed", "automatic": True}


def _solved(category: str, moment: object) -> dict[str, object]:
    return {"resolved_at": moment} if category == "resolved" else {}


def test_working_days_leave_weekends_out() -> None:
    assert working_days_before(NOON, 1) == NOON - timedelta(days=3)  # a Monday
    assert working_days_before(NOON, 5) == NOON - timedelta(days=7)
