"""The notifications page and the bell: what concerns me, and nothing that I may not see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.kernel.actors import SYSTEM
from apps.notifications import actions, listing
from apps.notifications.kinds import SAID, Kind
from apps.notifications.models import Notification
from apps.tickets import actions as tickets
from apps.tickets.models import Ticket
from tests.cast import Cast
from tests.notifications.post import hear
from tests.support import NOON
from tests.tickets.desk import LATER, raised

pytestmark = pytest.mark.django_db


def signed_in(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def answered(cast: Cast, text: str = "Here", *, ticket: Ticket | None = None) -> Ticket:
    ticket = ticket or raised(cast)
    tickets.reply(ticket=ticket, text=text, actor=cast.actor(cast.alice), now=LATER)
    hear()
    return ticket


class TestThePage:
    def test_says_who_did_what_to_which_ticket(self, cast: Cast) -> None:
        ticket = answered(cast)

        page = signed_in(cast.rachel).get("/notifications/").content.decode()

        assert "Alice answered" in page
        assert ticket.subject in page
        assert "1 unread notification" in page

    def test_never_lists_a_work_note_to_a_customer(self, cast: Cast) -> None:
        ticket = raised(cast)
        note = tickets.note(ticket=ticket, text="Hush", actor=cast.actor(cast.alice), now=LATER)
        for kind in (Kind.NOTE, Kind.REPLY):
            Notification.objects.create(
                event_id=900 + len(kind),
                ticket=ticket,
                recipient=cast.rachel,
                kind=kind,
                reason="",
                message=note,
                created_at=NOON,
                due_at=NOON,
            )

        assert listing.page(cast.actor(cast.rachel)).entries == []
        assert "unread" not in signed_in(cast.rachel).get("/").content.decode()

    def test_leaves_out_what_one_may_no_longer_see(self, cast: Cast) -> None:
        ticket = raised(cast)
        tickets.watch(ticket=ticket, user=cast.oscar, actor=SYSTEM, now=NOON)
        answered(cast, ticket=ticket)
        before = len(listing.page(cast.actor(cast.oscar)).entries)
        tickets.unwatch(ticket=ticket, user=cast.oscar, actor=SYSTEM, now=LATER)

        assert before == 1
        assert listing.page(cast.actor(cast.oscar)).entries == []

    def test_puts_what_happened_to_one_ticket_together(self, cast: Cast) -> None:
        ticket = answered(cast, "one")
        answered(cast, "two", ticket=ticket)
        tickets.solve(ticket=ticket, actor=cast.actor(cast.alice), now=LATER)
        hear()

        (entry,) = listing.page(cast.actor(cast.rachel)).entries

        assert entry.said[0] == "It was solved, reopened or withdrawn"
        assert entry.said.count("Alice answered") == 1

    def test_goes_on_where_it_ended_in_one_query(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listing, "PAGE", 2)
        for _ in range(3):
            answered(cast)
        actor = cast.actor(cast.rachel)

        with CaptureQueriesContext(connection) as queries:
            page = listing.page(actor)
        numbers = [entry.number for entry in page.entries]
        while page.following:
            page = listing.page(actor, before=page.following)
            numbers += [entry.number for entry in page.entries]

        assert len(queries) == 1
        assert numbers == sorted(numbers, reverse=True)
        assert len(set(numbers)) == 3


class TestReading:
    def test_an_entry_leads_to_the_ticket_and_is_read(self, cast: Cast) -> None:
        ticket = answered(cast)
        client = signed_in(cast.rachel)
        (entry,) = listing.page(cast.actor(cast.rachel)).entries

        answer = client.get(f"/notifications/{entry.newest}/")

        assert answer["Location"] == f"/requests/{ticket.ref}/"
        assert not listing.page(cast.actor(cast.rachel)).entries[0].is_unread
        assert b"count" not in client.get("/notifications/bell/").content

    def test_so_is_what_is_told_of_a_ticket_that_is_opened(self, cast: Cast) -> None:
        ticket, other = answered(cast), answered(cast)
        client = signed_in(cast.rachel)

        page = client.get(f"/requests/{ticket.ref}/").content.decode()

        unread = Notification.objects.unread().filter(recipient=cast.rachel)
        assert set(unread.values_list("ticket", flat=True)) == {other.pk}
        assert "1 unread notification" in page

    def test_all_leaves_what_came_after_the_page_was_shown(self, cast: Cast) -> None:
        answered(cast)
        client = signed_in(cast.rachel)
        newest = listing.page(cast.actor(cast.rachel)).newest
        answered(cast)

        client.post("/notifications/read/", {"until": str(newest)})

        assert Notification.objects.unread().filter(recipient=cast.rachel).count() == 1

    def test_another_persons_is_as_absent(self, cast: Cast) -> None:
        answered(cast)
        pk = Notification.objects.filter(recipient=cast.rachel).latest("pk").pk

        assert signed_in(cast.ross).get(f"/notifications/{pk}/").status_code == 404

    def test_staff_go_to_the_desk(self, cast: Cast) -> None:
        ticket = raised(cast)
        tickets.assign(ticket=ticket, team=cast.cards, assignee=cast.alice, actor=SYSTEM, now=LATER)
        hear()
        (entry, *_) = listing.page(cast.actor(cast.alice)).entries

        answer = signed_in(cast.alice).get(f"/notifications/{entry.newest}/")

        assert answer["Location"] == f"/admin/tickets/ticket/{ticket.pk}/change/"


def test_every_kind_has_its_words() -> None:
    assert set(SAID) == set(Kind)


def test_a_receipt_is_no_news(cast: Cast) -> None:
    raised(cast)
    hear()

    (entry,) = listing.page(cast.actor(cast.rachel)).entries

    assert not entry.is_unread


def test_old_notes_go_read_or_not(cast: Cast) -> None:
    answered(cast)
    kept = Notification.objects.latest("settled_at").settled_at
    assert kept is not None

    actions.prune_notes(before=kept + timedelta(days=1))

    assert not Notification.objects.exists()
