"""A filter narrows to what it names; what is not understood is told, and never an error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.search import dates, find
from apps.search.index import Span
from apps.tickets import actions
from apps.tickets.models import Category
from tests.cast import Cast
from tests.search.desk import found, hear, page
from tests.support import NOON
from tests.tickets.desk import LATER, raised, standing, status, stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(cast: Cast) -> dict[str, int]:
    """Tickets that differ in whatever can be filtered by."""
    alice, lena = cast.actor(cast.alice), cast.actor(cast.lena)
    inner = Category.objects.create(slug="stolen", name="Stolen card", parent=cast.lost_card)
    mine = raised(cast, team=cast.cards, category=inner, tags=["vip"])
    actions.take(ticket=mine, actor=alice, now=LATER)
    urgent = raised(cast, cast.oscar, impact=1, urgency=1, attachments=[stored()])
    actions.declare_major_incident(ticket=urgent, major=True, actor=lena, now=LATER)
    late = raised(cast, cast.paula, team=cast.payments)
    actions.change_status(
        ticket=late, status=status("pending"), actor=alice, now=NOON + timedelta(days=9)
    )
    hear()
    made = {"mine": mine, "urgent": urgent, "late": late}
    for category in ("resolved", "spam"):
        made[category] = standing(cast, category)
    hear()
    return {name: ticket.pk for name, ticket in made.items()}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("status:open", "mine urgent late"),
        ("status:closed", "resolved"),
        ("status:new", "urgent"),
        ("status:new,pending", "urgent late"),
        ('status:"Waiting for your answer"', ""),  # what customers read, asked by staff
        ("-status:open", "resolved"),
        ("status:spam", "spam"),
        ("is:spam", "spam"),
        ("team:cards", "mine"),
        ("team:none", "urgent resolved"),
        ("team:mine", "mine"),
        ("-team:none", "mine late"),
        ("assignee:me", "mine"),
        ("assignee:alice", "mine"),
        ("assignee:none", "urgent late resolved"),
        ("is:unassigned gone", "urgent late resolved"),
        ("requester:oscar", "urgent"),
        ("from:paula@example.com", "late"),
        ("organisation:acme", "mine resolved"),
        ("org:Other", "urgent"),
        ("category:lost-card", "mine"),  # with those below it
        ('category:"Stolen card"', "mine"),
        ("category:none status:open", "urgent late"),
        ("tag:vip", "mine"),
        ("vip", "mine"),
        ("-tag:vip status:open", "urgent late"),
        ("priority:p1", "urgent"),
        ("priority:<=2", "urgent"),
        ("priority:>1 status:open", "mine late"),
        ("is:major", "urgent"),
        ("has:file", "urgent"),
        ("has:attachments", "urgent"),
        ("updated:>2026-05-05", "late"),
        ("updated:1d", "late"),
        ("created:2026-05 updated:2026-05-04 status:open", "mine urgent"),
        ("created:2025", ""),
    ],
)
def test_narrows_to_what_it_names(cast: Cast, desk: dict[str, int], text: str, names: str) -> None:
    now = NOON + timedelta(days=10)

    hits = find.tickets(text, actor=cast.actor(cast.alice), now=now)

    assert {hit.number for hit in hits.hits} == {desk[name] for name in names.split()}


def test_knows_a_status_by_its_name_in_the_readers_language(
    cast: Cast, desk: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pages show it; catalogues are translated elsewhere."""
    monkeypatch.setattr("apps.search.filters._", lambda text: {"Pending": "Wartet"}.get(text, text))

    hits = find.tickets("status:wartet", actor=cast.actor(cast.alice), now=NOON)

    assert [hit.number for hit in hits.hits] == [desk["late"]]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sattus:open card", "assignee:, category:, created:"),
        ("status:opne", "cancelled, closed, new"),
        ("team:nowhere", "nowhere"),
        ("assignee:zorro", "zorro"),
        ("tag:none-such", "none-such"),
        ("priority:high", "p1 to p5"),
        ("has:fun", "has:file"),
        ("is:what", "unassigned"),
        ("created:soon", "created:7d"),
        ("-updated:7d", "updated:7d"),
        ("card " * 100, "too long"),
    ],
)
def test_tells_what_it_does_not_understand(cast: Cast, text: str, told: str) -> None:
    [problem] = page(cast, cast.alice, text).problems

    assert told in problem


def test_goes_on_with_the_rest(cast: Cast) -> None:
    ticket = raised(cast)
    hear()

    assert found(cast, cast.rachel, "gone team:cards") == [ticket.pk]
    assert found(cast, cast.rachel, "team:cards") == []


def test_customers_filter_by_what_their_pages_show(cast: Cast) -> None:
    ticket = raised(cast, category=cast.lost_card)
    hear()

    for text in ("status:Received", "status:open", "category:lost", "from:me", "created:2026"):
        assert found(cast, cast.rachel, text) == [ticket.pk], text
    assert page(cast, cast.rachel, "from:nobody-here").problems == []


_NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def _at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026-05-01", _at(2026, 5, 1), _at(2026, 5, 2)),
        ("2026-12", _at(2026, 12, 1), _at(2027, 1, 1)),
        ("2026", _at(2026, 1, 1), _at(2027, 1, 1)),
        (">2026-05-01", _at(2026, 5, 2), None),
        (">=2026-05-01", _at(2026, 5, 1), None),
        ("<2026-05", None, _at(2026, 5, 1)),
        ("<=2026-05", None, _at(2026, 6, 1)),
        ("2026-01..2026-03", _at(2026, 1, 1), _at(2026, 4, 1)),
        ("2026-01..", _at(2026, 1, 1), None),
        ("today", _at(2026, 5, 4), _at(2026, 5, 5)),
        ("yesterday", _at(2026, 5, 3), _at(2026, 5, 4)),
        ("7d", _at(2026, 4, 27, 12), None),
        ("<2h", _at(2026, 5, 4, 10), None),
        (">1w", None, _at(2026, 4, 27, 12)),
    ],
)
def test_times_are_read_as_meant(text: str, since: datetime | None, until: datetime | None) -> None:
    assert dates.span(text, _NOW) == Span(since=since, until=until)


@pytest.mark.parametrize(
    "text", ["", "..", "soon", "2026-13", "2026-02-30", "0000", "0001-01-01", "9999", "9999d"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert dates.span(text, _NOW) is None
