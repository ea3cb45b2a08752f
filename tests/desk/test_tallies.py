"""The counts that facts keep are those that counting would give."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.desk import actions as desk
from apps.desk import subscribers, tallies
from apps.desk.board import BUILT_IN
from apps.desk.models import DayCount, Place, Tally
from apps.events import journal, relay
from apps.events.models import Delivery, Event
from apps.events.registry import only
from apps.kernel.actors import SYSTEM
from apps.kernel.errors import DomainError
from apps.tickets import actions
from apps.tickets.filters import Filter
from apps.tickets.models import Ticket
from apps.tickets.statuses import ACTIVE
from tests.cast import Cast, client_of
from tests.support import NOON
from tests.tickets.desk import LATER, raised, status

pytestmark = pytest.mark.django_db


def counted() -> dict[tuple[Any, ...], int]:
    """What counting the tickets gives."""
    found: dict[tuple[Any, ...], int] = {}
    for t in Ticket.objects.active():
        who = t.team_id or 0, t.assignee_id or 0, t.category_id or 0
        waits = t.waiting_since is not None
        key = (*who, t.status_category, t.priority, t.is_major_incident, waits)
        found[key] = found.get(key, 0) + 1
    return found


def tallied() -> dict[tuple[Any, ...], int]:
    rows = Tally.objects.exclude(count=0).values_list(
        "team_id", "assignee_id", "category_id", "status_category", "priority", "is_major",
        "is_waiting", "count",
    )  # fmt: skip
    return {tuple(row[:-1]): row[-1] for row in rows}


def hear(event: Event) -> None:
    if event.name in _HEARD:
        subscribers.keep_tallies(journal.envelope(event))


_HEARD = {
    "ticket.raised", "ticket.status_changed", "ticket.assigned", "ticket.categorised",
    "ticket.prioritised", "ticket.merged", "ticket.unmerged", "message.added",
}  # fmt: skip


def _verbs(cast: Cast) -> list[Callable[[Ticket], object]]:
    alice, lena, rachel = (cast.actor(who) for who in (cast.alice, cast.lena, cast.rachel))
    now = LATER
    return [
        lambda t: actions.take(ticket=t, actor=alice, now=now),
        lambda t: actions.assign(ticket=t, team=cast.payments, assignee=None, actor=lena, now=now),
        lambda t: actions.categorise(ticket=t, category=cast.lost_card, actor=lena, now=now),
        lambda t: actions.prioritise(ticket=t, impact=1, urgency=2, actor=lena, now=now),
        lambda t: actions.declare_major_incident(ticket=t, major=True, actor=lena, now=now),
        lambda t: actions.reply(ticket=t, text="a", actor=alice, now=now),
        lambda t: actions.reply(ticket=t, text="q", actor=rachel, now=now),
        lambda t: actions.solve(ticket=t, actor=alice, now=now),
        lambda t: actions.change_status(ticket=t, status=status("pending"), actor=lena, now=now),
        lambda t: actions.change_status(ticket=t, status=status("closed"), actor=lena, now=now),
        lambda t: actions.merge(
            ticket=t, survivor=Ticket.objects.earliest("pk"), actor=lena, now=now
        ),
        lambda t: actions.unmerge(ticket=t, actor=lena, now=now),
        lambda t: actions.split(
            ticket=t, messages=list(t.messages.all())[1:2], subject="s", actor=lena, now=now
        ),
        lambda _: raised(cast),
    ]


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    done=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 13)), max_size=14),
    rng=st.randoms(use_true_random=False),
)
def test_after_any_deeds_and_deliveries_they_agree(cast: Cast, done: Any, rng: Any) -> None:
    with transaction.atomic():
        for _ in range(3):
            raised(cast)
        verbs = _verbs(cast)
        for which, verb in done:
            tickets = list(Ticket.objects.order_by("pk"))
            try:
                with transaction.atomic():
                    verbs[verb](tickets[which % len(tickets)])
            except DomainError:
                continue  # what is refused changes nothing
            for event in Event.objects.order_by("pk"):
                if rng.random() < 0.4:  # early, again, or not yet: as workers come to it
                    hear(event)
        # Some twice, and those of different tickets in any order, as workers would.
        events = list(Event.objects.order_by("pk"))
        again = [event for event in events if rng.random() < 0.3]
        heard = events + again
        rng.shuffle(heard)
        for event in heard:
            hear(event)

        assert tallied() == counted()
        assert Place.objects.count() == Ticket.objects.active().count()
        transaction.set_rollback(True)


def test_counting_anew_gives_the_same(cast: Cast) -> None:
    for n in range(4):
        ticket = raised(cast)
        if n % 2:
            actions.take(ticket=ticket, actor=cast.actor(cast.alice), now=LATER)
    for event in Event.objects.order_by("pk"):
        hear(event)
    kept = tallied()

    assert desk.recount() == 4
    assert tallied() == kept == counted()


def test_a_delivery_after_a_recount_changes_nothing(cast: Cast) -> None:
    raised(cast)
    desk.recount()

    for event in Event.objects.order_by("pk"):
        hear(event)

    assert tallied() == counted()


def test_a_view_shows_what_its_list_would_count(cast: Cast) -> None:
    alice = cast.actor(cast.alice)
    raised(cast, team=cast.fraud)
    raised(cast, team=cast.cards)
    for verb in _verbs(cast)[:7]:
        verb(raised(cast))
    desk.recount()
    views = {view.key: view.filter for view in BUILT_IN}

    found = tallies.counts(views, actor=alice, parents={})

    for key, wanted in views.items():
        rows = wanted.apply(Ticket.objects.all(), actor=alice, now=NOON, parents={})
        if tallies.is_counted(wanted):
            assert found[key] == rows.count(), key
        else:
            assert key not in found
    assert set(views) - set(found) == {"due", "solved"}


def test_private_teams_are_hidden_from_others_counts(cast: Cast) -> None:
    raised(cast, team=cast.fraud)
    raised(cast, team=cast.cards)
    desk.recount()

    def seen(who: Any) -> dict[str, int]:
        return tallies.counts({"all": Filter()}, actor=cast.actor(who), parents={})

    assert [seen(who)["all"] for who in (cast.alice, cast.fay, cast.ada)] == [1, 2, 2]
    team = Filter(team=(str(cast.fraud.pk),))
    assert tallies.counts({"t": team}, actor=cast.actor(cast.alice), parents={}) == {"t": 0}


def test_a_persons_day_is_counted_once_each(cast: Cast) -> None:
    alice = cast.actor(cast.alice)
    heard = f"{subscribers.__name__}.{subscribers.count_deeds.__qualname__}"
    with only(heard):
        ticket = raised(cast)
        actions.take(ticket=ticket, actor=alice, now=LATER)
        actions.reply(ticket=ticket, text="a", actor=alice, now=LATER)
        actions.reply(ticket=ticket, text="q", actor=cast.actor(cast.rachel), now=LATER)
        actions.note(ticket=ticket, text="n", actor=alice, now=LATER)
        actions.solve(ticket=ticket, actor=alice, now=LATER)
        actions.reply(ticket=ticket, text="desk", actor=SYSTEM, now=LATER)
        while claims := relay.claim_due(now=LATER + timedelta(days=1)):
            for claim in claims:
                relay.deliver(claim)
                relay.deliver(claim)  # the bus brought it twice

    assert not Delivery.objects.pending().exists()
    rows = DayCount.objects.filter(user_id=cast.alice.pk, day=LATER.date())
    assert dict(rows.values_list("deed", "count")) == {"taken": 1, "replied": 1, "solved": 1}
    assert set(DayCount.objects.values_list("user_id", flat=True)) <= {cast.alice.pk}


def test_a_persons_day_is_that_of_their_own_clock(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.filter(pk=cast.alice.pk).update(time_zone="Australia/Sydney")
    yesterday_in_utc = datetime(2026, 5, 3, 20, tzinfo=UTC)  # 4 May, 06:00 in Sydney
    desk.count_deed(user_id=cast.alice.pk, deed=DayCount.Deed.SOLVED, at=yesterday_in_utc)

    def solved_at(moment: datetime) -> int:
        monkeypatch.setattr("apps.desk.dashboard.timezone.now", lambda: moment)
        page = client_of(cast.alice).get("/admin/")
        figures: dict[str, int] = dict(page.context["figures"])
        return figures["solved today"]

    assert DayCount.objects.get().day == NOON.date()
    assert solved_at(NOON) == 1
    assert solved_at(datetime(2026, 5, 4, 13, 30, tzinfo=UTC)) == 1  # 23:30
    assert solved_at(datetime(2026, 5, 4, 14, 30, tzinfo=UTC)) == 0  # 5 May, 00:30


def test_an_unknown_zone_counts_by_utc(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(time_zone="Mars/Olympus")

    desk.count_deed(user_id=cast.alice.pk, deed=DayCount.Deed.SOLVED, at=NOON)

    assert DayCount.objects.get().day == NOON.date()


def test_only_active_tickets_have_a_place(cast: Cast) -> None:
    ticket = raised(cast)
    actions.solve(ticket=ticket, actor=cast.actor(cast.alice), now=LATER)
    for event in Event.objects.order_by("pk"):
        hear(event)

    assert not Place.objects.exists()
    assert Tally.objects.aggregate(n=Sum("count"), rows=Count("pk"))["n"] in {0, None}
    assert "resolved" not in ACTIVE
