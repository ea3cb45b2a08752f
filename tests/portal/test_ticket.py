"""A request's page: who reads what, who follows, what is new, and what it costs."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.tickets import actions
from apps.tickets.models import Participant, Ticket
from tests.cast import Cast, client_of
from tests.portal.pages import asked, form, indexed
from tests.support import NOON
from tests.tickets.desk import LATER, raised, standing, stored

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("who", ["rachel", "monica", "ross"])
def test_costs_ten_queries_however_much_was_said(cast: Cast, who: str) -> None:
    ticket, alice = raised(cast, attachments=[stored()]), cast.actor(cast.alice)
    actions.watch(ticket=ticket, user=cast.ross, actor=cast.actor(cast.rachel), now=NOON)
    client, path = client_of(getattr(cast, who)), f"/requests/{ticket.ref}/"
    few = len(asked(client, path))

    for n in range(40):
        actions.reply(ticket=ticket, text=f"{n}", attachments=[stored()], actor=alice, now=LATER)
        actions.note(ticket=ticket, text="n", actor=alice, now=LATER)

    assert len(asked(client, path)) == few <= 10


def test_raising_and_replying_cost_little(cast: Cast) -> None:
    ticket, client = raised(cast), client_of(cast.rachel)
    asked(client, "/new/lost-card/", form())

    reading = [q for q in asked(client, f"/requests/{ticket.ref}/reply/", form()) if _is_ours(q)]
    raising = [q for q in asked(client, "/new/lost-card/", form()) if _is_ours(q)]

    assert len(reading) <= 12, reading
    assert len(raising) <= 14, raising


def _is_ours(sql: str) -> bool:
    """Without what the bell asks on every page."""
    return '"notifications_notification"' not in sql


class TestWhatIsRead:
    def test_agents_by_first_name_and_no_note(self, cast: Cast) -> None:
        cast.alice.name = "Alice Liddell"
        cast.alice.save()
        ticket, alice = raised(cast), cast.actor(cast.alice)
        actions.note(ticket=ticket, text="between us", actor=alice, now=LATER)
        actions.reply(ticket=ticket, text="on its way", actor=alice, now=LATER)

        for path in ("", "news/"):
            page = client_of(cast.rachel).get(f"/requests/{ticket.ref}/{path}").content.decode()
            assert "on its way" in page
            assert "between us" not in page
            assert "Liddell" not in page

    def test_of_a_merged_one_says_where_it_goes_on(self, cast: Cast) -> None:
        ticket = standing(cast, "merged", subject="The first")
        assert ticket.merged_into is not None

        page = client_of(cast.rachel).get(f"/requests/{ticket.ref}/").content.decode()
        survivor = client_of(cast.rachel).get(f"/requests/{ticket.merged_into.ref}/")

        assert f'href="/requests/{ticket.merged_into.ref}/"' in page
        assert "data-upload" not in page
        assert f"on request #{ticket.pk}" in survivor.content.decode()

    def test_of_a_follow_up_leads_both_ways(self, cast: Cast) -> None:
        ticket, client = standing(cast, "closed", subject="Before"), client_of(cast.rachel)
        client.post(f"/requests/{ticket.ref}/reply/", form(text="Again"))
        after = Ticket.objects.latest("pk")

        assert f"#{after.pk} " in client.get(f"/requests/{ticket.ref}/").content.decode()
        assert f"#{ticket.pk} " in client.get(f"/requests/{after.ref}/").content.decode()

    def test_of_hostile_text_is_text(self, cast: Cast) -> None:
        evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
        ticket = raised(cast, subject=evil, text=evil, attachments=[stored(name=evil + ".txt")])

        page = client_of(cast.rachel).get(f"/requests/{ticket.ref}/").content.decode()

        assert "<script>alert" not in page
        assert "<img src=x" not in page


class TestNews:
    def test_of_nothing_cost_one_query(self, cast: Cast) -> None:
        ticket, client = raised(cast), client_of(cast.rachel)
        path = f"/requests/{ticket.ref}/news/"
        tag = client.get(path)["ETag"]

        with CaptureQueriesContext(connection) as caught:
            again = client.get(path, headers={"If-None-Match": tag})

        assert (again.status_code, again.content) == (304, b"")
        about = [query for query in caught.captured_queries if "tickets_" in query["sql"]]
        assert len(about) == 1

    def test_come_with_an_answer(self, cast: Cast) -> None:
        ticket, client = raised(cast), client_of(cast.rachel)
        page = client.get(f"/requests/{ticket.ref}/")
        alice = cast.actor(cast.alice)
        actions.reply(ticket=ticket, text="the answer", actor=alice, now=LATER)

        news = client.get(
            f"/requests/{ticket.ref}/news/", headers={"If-None-Match": page.context["tag"]}
        )

        assert news.status_code == 200
        assert "the answer" in news.content.decode()
        assert news["ETag"] != page.context["tag"]


class TestFollowing:
    def test_the_requester_lets_colleagues_in_and_out(self, cast: Cast) -> None:
        ticket, client = raised(cast), client_of(cast.rachel)

        client.post(f"/requests/{ticket.ref}/follow/", {"address": "Ross@example.com"})
        watcher = Participant.objects.get()
        could = client_of(cast.ross).get(f"/requests/{ticket.ref}/").status_code
        client.post(f"/requests/{ticket.ref}/unfollow/", {"watcher": watcher.pk})

        assert (watcher.user, could) == (cast.ross, 200)
        assert client_of(cast.ross).get(f"/requests/{ticket.ref}/").status_code == 404

    @pytest.mark.parametrize("address", ["oscar@example.com", "nobody@example.com", "odd"])
    def test_a_stranger_and_a_foreigner_get_the_same_answer(self, cast: Cast, address: str) -> None:
        ticket, client = raised(cast), client_of(cast.rachel)

        answer = client.post(f"/requests/{ticket.ref}/follow/", {"address": address}, follow=True)

        assert "Nobody in your organisation has this address." in answer.content.decode()
        assert not Participant.objects.exists()

    def test_a_watcher_may_stop_and_then_sees_it_no_longer(self, cast: Cast) -> None:
        ticket = raised(cast)
        actions.watch(ticket=ticket, user=cast.ross, actor=cast.actor(cast.rachel), now=NOON)
        client = client_of(cast.ross)

        answer = client.post(f"/requests/{ticket.ref}/unfollow/")

        assert answer["Location"] == "/requests/"
        assert not Participant.objects.exists()

    def test_a_watcher_takes_nobody_else_out(self, cast: Cast) -> None:
        ticket, rachel = raised(cast), cast.actor(cast.rachel)
        for person in (cast.ross, cast.monica):
            actions.watch(ticket=ticket, user=person, actor=rachel, now=NOON)
        other = Participant.objects.get(user=cast.monica)

        answer = client_of(cast.ross).post(
            f"/requests/{ticket.ref}/unfollow/", {"watcher": other.pk}
        )

        assert answer.status_code == 403
        assert Participant.objects.count() == 2


def test_a_preview_is_what_will_be_read(cast: Cast) -> None:
    answer = client_of(cast.rachel).post("/new/preview/", {"text": "**bold** <script>x</script>"})

    page = answer.content.decode()
    assert "<strong>bold</strong>" in page
    assert "<script>" not in page


def test_search_shows_each_reader_their_own(cast: Cast) -> None:
    raised(cast, subject="The walrus card")
    indexed()

    mine = client_of(cast.rachel).get("/search/?q=walrus").content.decode()
    foreign = client_of(cast.oscar).get("/search/?q=walrus").content.decode()
    nobody = client_of(cast.oscar)
    nobody.logout()

    assert "/requests/" + Ticket.objects.get().ref in mine
    assert Ticket.objects.get().ref not in foreign
    assert Ticket.objects.get().ref not in nobody.get("/search/?q=walrus").content.decode()
