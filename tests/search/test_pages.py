"""Pages follow one another without a gap or a repeat, best first, at the same cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.search import find
from apps.search.index import Candidate
from apps.search.ranking import Cursor, ordered
from apps.tickets import actions
from tests.cast import Cast, client_of
from tests.search.desk import found, hear, page
from tests.support import NOON
from tests.tickets.desk import LATER, raised

pytestmark = pytest.mark.django_db


def walk(cast: Cast, text: str, limit: int) -> list[int]:
    """Every hit of every page."""
    actor, cursor, numbers = cast.actor(cast.alice), "", []
    while True:
        hits = find.tickets(text, actor=actor, cursor=cursor, limit=limit)
        numbers += [hit.number for hit in hits.hits]
        cursor = hits.following
        if not cursor:
            return numbers


@pytest.mark.parametrize("text", ["gone", "gonne", "status:open", "-nothing"])
def test_every_match_is_shown_once(cast: Cast, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(find, "WINDOW", 4)
    tickets = [raised(cast).pk for _ in range(11)]
    hear()

    for limit in (1, 3, 4, 50):
        assert sorted(walk(cast, text, limit)) == tickets


def test_new_tickets_do_not_move_the_pages(cast: Cast) -> None:
    first = [raised(cast).pk for _ in range(4)]
    hear()
    actor = cast.actor(cast.alice)
    begun = find.tickets("gone", actor=actor, limit=2)
    raised(cast)
    hear()

    after = find.tickets("gone", actor=actor, limit=2, cursor=begun.following)

    assert sorted(hit.number for hit in begun.hits + after.hits) == first


@pytest.mark.parametrize("cursor", ["x", "e30=", "bnVsbA==", str(Cursor(-1)), "é" * 9, "[" * 3000])
def test_a_made_up_cursor_gives_the_first_page(cast: Cast, cursor: str) -> None:
    ticket = raised(cast)
    hear()

    hits = find.tickets("gone", actor=cast.actor(cast.alice), cursor=cursor)

    assert [hit.number for hit in hits.hits] == [ticket.pk]


def test_a_subject_comes_before_a_text(cast: Cast) -> None:
    subject = raised(cast, subject="Umbrella", text="It rained.")
    text = raised(cast, subject="Weather", text="It rained on my umbrella and on me.")
    hear()

    assert found(cast, cast.alice, "umbrella ") == [subject.pk, text.pk]


def test_what_happened_lately_comes_before_what_is_old() -> None:
    old = Candidate(1, 1.0, NOON - timedelta(days=1000))
    new, better = Candidate(2, 0.9, NOON), Candidate(3, 3.0, NOON - timedelta(days=100))

    assert [c.key for c in ordered([old, new, better], ranked=True)] == [3, 2, 1]
    assert [c.key for c in ordered([old, new, better], ranked=False)] == [2, 3, 1]


def test_a_number_finds_its_ticket_first(cast: Cast) -> None:
    ticket = raised(cast)
    other = raised(cast, subject=f"About {ticket.pk}")
    private = raised(cast, team=cast.fraud)
    hear()

    assert found(cast, cast.alice, f"#{ticket.pk}") == [ticket.pk]
    assert found(cast, cast.alice, str(ticket.pk))[:1] == [ticket.pk]
    assert other.pk in found(cast, cast.alice, str(ticket.pk))
    assert found(cast, cast.alice, f"#{private.pk}") == []
    assert found(cast, cast.oscar, str(ticket.pk)) == []
    assert found(cast, cast.alice, "#999999999999999999") == []


def test_a_number_is_found_before_the_index_knows_it(cast: Cast) -> None:
    ticket = raised(cast)

    assert found(cast, cast.rachel, str(ticket.pk)) == [ticket.pk]


def test_a_typo_is_mended_and_said(cast: Cast) -> None:
    ticket = raised(cast, subject="My payment was declined")
    hear()

    hits = page(cast, cast.rachel, "paymnet declinde status:open")

    assert [hit.number for hit in hits.hits] == [ticket.pk]
    assert hits.corrected == "payment declined status:open"
    assert "<mark>payment</mark>" in hits.hits[0].subject_html
    assert page(cast, cast.rachel, "payment").corrected == ""
    assert page(cast, cast.rachel, "xylophone").corrected == ""


def test_nothing_typed_finds_nothing(cast: Cast) -> None:
    raised(cast)
    hear()

    for text in ("", "  ", '""', "!?", "nofilter:x"):
        assert found(cast, cast.alice, text) == []


def test_costs_the_same_however_much_there_is(cast: Cast) -> None:
    def queries() -> int:
        hear()
        with CaptureQueriesContext(
            connection,
        ) as captured:
            find.tickets("gone status:open", actor=actor)
        return len(captured)

    actor = cast.actor(cast.alice)
    ticket = raised(cast)
    few = queries()

    for _ in range(15):
        raised(cast)
        actions.reply(ticket=ticket, text="Gone?", actor=actor, now=LATER)

    assert queries() == few <= 10  # PostgreSQL's four around its settings included


def test_the_desks_rows_show_how_urgent_a_ticket_is(cast: Cast) -> None:
    first, second = raised(cast), raised(cast)
    ada = cast.actor(cast.ada)
    actions.prioritise(ticket=first, impact=1, urgency=1, actor=ada, now=LATER)
    actions.declare_major_incident(ticket=second, major=True, actor=ada, now=LATER)
    hear()

    shown = client_of(cast.alice).get("/admin/tickets/ticket/?q=gone").content.decode()
    customers = {(hit.priority, hit.is_major) for hit in page(cast, cast.rachel, "gone").hits}

    assert '<span class="q-level l-1" title="Priority 1">P1</span>' in shown
    assert '<span class="q-level l-major" title="Major incident">Major incident</span>' in shown
    assert customers == {(0, False)}
