"""What the pages of portal and desk cost and keep. What they look like: the browser tests."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.desk.models import Draft
from apps.tickets import actions
from apps.tickets.models import Category, CategoryField, Link, Message, Ticket
from tests.cast import Cast, client_of
from tests.support import NOON
from tests.tickets.desk import LATER, raised, standing, stored

pytestmark = pytest.mark.django_db


def queries(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path).status_code == 200
    return len(caught)


def form(**said: Any) -> dict[str, Any]:
    return {"subject": "S", "text": "T", "submission": str(uuid.uuid4()), **said}


@pytest.mark.parametrize("who", ["rachel", "alice"])
def test_a_ticket_costs_the_same_however_much_was_said(cast: Cast, who: str) -> None:
    ticket = raised(cast, attachments=[stored()])
    is_agent = who == "alice"
    path = f"/admin/tickets/ticket/{ticket.pk}/change/" if is_agent else f"/requests/{ticket.ref}/"
    client, alice = client_of(getattr(cast, who)), cast.actor(cast.alice)
    for n in range(2):
        actions.reply(ticket=ticket, text=f"{n}", attachments=[stored()], actor=alice, now=LATER)
        actions.note(ticket=ticket, text="n", actor=alice, now=LATER)
    few = queries(client, path)

    for n in range(15):
        actions.reply(ticket=ticket, text=f"{n}", attachments=[stored()], actor=alice, now=LATER)
        raised(cast)

    assert queries(client, path) == few


class TestThePortal:
    def test_keeps_what_was_typed_when_it_refuses(self, cast: Cast) -> None:
        CategoryField.objects.create(
            category=cast.lost_card, key="digits", label="Digits", kind="text", required=True
        )

        answer = client_of(cast.rachel).post("/new/lost-card/", form(text="my long story"))

        assert answer.status_code == 200
        assert "my long story" in answer.content.decode()
        assert answer.context["form"].errors.keys() == {"field_digits"}
        assert not Ticket.objects.exists()

    def test_a_form_sent_twice_is_one_ticket(self, cast: Cast) -> None:
        client, sent = client_of(cast.rachel), form()

        first, second = client.post("/new/other/", sent), client.post("/new/other/", sent)

        assert first["Location"] == second["Location"]
        assert Ticket.objects.count() == 1

    def test_fields_that_the_form_lacks_change_nothing(self, cast: Cast) -> None:
        extra = {"priority": 1, "status": "resolved", "requester": cast.oscar.pk, "team": 1}

        client_of(cast.rachel).post("/new/other/", form(**extra))

        ticket = Ticket.objects.get()
        assert (ticket.requester, ticket.status_category, ticket.team) == (cast.rachel, "new", None)

    def test_a_reply_to_a_closed_one_leads_to_the_follow_up(self, cast: Cast) -> None:
        ticket = standing(cast, "closed")

        answer = client_of(cast.rachel).post(f"/requests/{ticket.ref}/reply/", form(text="Again"))

        follow_up = Link.objects.get().source
        assert answer["Location"] == f"/requests/{follow_up.ref}/"

    def test_shows_no_note(self, cast: Cast) -> None:
        ticket = raised(cast)
        actions.note(ticket=ticket, text="between us", actor=cast.actor(cast.alice), now=NOON)

        answer = client_of(cast.rachel).get(f"/requests/{ticket.ref}/")

        assert "between us" not in answer.content.decode()


class TestTheDesk:
    def test_a_stale_answer_keeps_its_text_and_goes_through_next(self, cast: Cast) -> None:
        ticket = raised(cast)
        client, path = client_of(cast.alice), f"/admin/tickets/ticket/{ticket.pk}/write/"
        seen = Message.objects.get().pk
        actions.reply(ticket=ticket, text="me first", actor=cast.actor(cast.lena), now=LATER)

        refused = client.post(path, form(text="my answer", seen=seen))
        again = refused.context["reply"]
        sent = client.post(path, form(text=again["text"].value(), seen=again["seen"].value()))

        assert refused.status_code == 409
        assert "Your text is kept" in refused.content.decode()
        assert "me first" in refused.content.decode()
        assert sent.status_code == 302
        assert Draft.objects.on_their_way().get().text == "my answer"

    def test_a_note_button_writes_a_note(self, cast: Cast) -> None:
        ticket = raised(cast)

        client_of(cast.alice).post(
            f"/admin/tickets/ticket/{ticket.pk}/write/",
            form(text="psst", note="1"),
        )

        assert Message.objects.get(source="psst").visibility == "internal"

    @pytest.mark.parametrize(
        ("panel", "said", "changed"),
        [
            ("take", {}, {"assignee__email": "lena@example.com"}),
            ("sort", {"impact": 1, "urgency": 1}, {"priority": 1}),
            ("override", {"priority": 2, "reason": "The board"}, {"priority": 2}),
            ("incident", {"major": "on"}, {"is_major_incident": True}),
            ("tags", {"add": "vip, card"}, {"tags__name": "vip"}),
            ("edit", {"subject": "Better", "kind": "incident"}, {"subject": "Better"}),
            ("watchers", {"add": "x@y.example"}, {"participants__address": "x@y.example"}),
            ("watchers", {"add": "ross@example.com"}, {"participants__user__name": "Ross"}),
        ],
    )
    def test_each_panel_does_what_it_says(
        self, cast: Cast, panel: str, said: dict[str, Any], changed: dict[str, Any]
    ) -> None:
        ticket = raised(cast)

        answer = client_of(cast.lena).post(
            f"/admin/tickets/ticket/{ticket.pk}/{panel}/do/", {"version": ticket.version, **said}
        )

        assert answer.status_code == 302, answer.content.decode()
        assert Ticket.objects.filter(pk=ticket.pk, **changed).exists()

    def test_panels_of_two_tickets(self, cast: Cast) -> None:
        ticket, other, lena = raised(cast), raised(cast), client_of(cast.lena)
        second = actions.reply(ticket=ticket, text="more", actor=cast.actor(cast.rachel), now=LATER)
        path = f"/admin/tickets/ticket/{ticket.pk}"

        def do(panel: str, **data: object) -> Any:
            version = Ticket.objects.get(pk=ticket.pk).version
            return lena.post(f"{path}/{panel}/do/", {"version": version, **data})

        do("links", kind="blocks", number=other.pk)
        do("parent", number=other.pk)
        do("redact", message=second.pk, phrase="more")
        do("split", messages=[second.pk], subject="New")
        merged = do("merge", number=other.pk)

        fresh = Ticket.objects.get(pk=ticket.pk)
        assert Link.objects.filter(source=ticket, target=other, kind="blocks").exists()
        assert fresh.parent == fresh.merged_into == other
        assert Message.objects.get(pk=second.pk).source == "████"
        assert Message.objects.get(pk=second.pk).ticket.subject == "New"
        assert merged["Location"] == f"/admin/tickets/ticket/{other.pk}/change/"

    @pytest.mark.parametrize(
        ("panel", "said", "told"),
        [
            ("assign", {"version": 99}, "changed this ticket"),
            ("override", {"priority": 1, "reason": ""}, "Say why"),
            ("merge", {"number": 987654}, "There is no ticket #987654"),
            ("merge", {"number": ""}, "required"),
            ("status", {"status": "nonsense"}, "valid choice"),
            ("redact", {"phrase": ""}, "required"),
            ("tags", {"add": "a<b"}, "A tag is"),
        ],
    )
    def test_a_panel_says_what_is_wrong_where_it_was_typed(
        self, cast: Cast, panel: str, said: dict[str, Any], told: str
    ) -> None:
        ticket = raised(cast)

        answer = client_of(cast.lena).post(
            f"/admin/tickets/ticket/{ticket.pk}/{panel}/do/", {"version": ticket.version, **said}
        )

        assert answer.status_code == 409
        assert told in answer.content.decode()
        assert answer.context["troubled"] == panel
        assert Ticket.objects.get().version == ticket.version

    def test_many_at_once_does_what_it_may_and_names_the_rest(self, cast: Cast) -> None:
        good, closed = raised(cast), standing(cast, "closed")
        client = client_of(cast.alice)

        answer = client.post(
            "/admin/tickets/ticket/bulk/",
            {"do": "status:resolved", "ticket": [good.pk, closed.pk]},
            follow=True,
        )

        page = answer.content.decode()
        assert "Set status Resolved: 1 ticket" in page
        assert f"#{closed.pk}: A ticket that is closed can&#x27;t become resolved." in page
        assert Ticket.objects.get(pk=good.pk).status_category == "resolved"

    def test_an_agent_raises_a_ticket_for_a_caller(self, cast: Cast) -> None:
        client, path = client_of(cast.alice), "/admin/tickets/ticket/add/?category=lost-card"
        said = form(requester="Rachel@example.com", impact=2, urgency=1)

        unknown = client.post(path, said | {"requester": "who@example.com"})
        answer = client.post(path, said)

        assert "Nobody here has this address" in unknown.content.decode()
        ticket = Ticket.objects.get()
        assert answer["Location"] == f"/admin/tickets/ticket/{ticket.pk}/change/"
        assert (ticket.requester, ticket.channel, ticket.priority) == (cast.rachel, "agent", 2)

    @pytest.mark.parametrize(
        ("view", "expected"),
        [("mine", {"mine"}), ("unassigned", {"free", "cards"}), ("teams", {"mine", "cards"})],
    )
    def test_the_views_of_the_queue(self, cast: Cast, view: str, expected: set[str]) -> None:
        mine = raised(cast, subject="mine")
        actions.take(ticket=mine, actor=cast.actor(cast.alice), now=LATER)
        raised(cast, subject="free")
        raised(cast, subject="cards", team=cast.cards)
        raised(cast, subject="hidden", team=cast.fraud)

        answer = client_of(cast.alice).get("/admin/tickets/ticket/", {"view": view})

        page = answer.content.decode()
        found = {
            word
            for word in ("mine", "free", "cards", "hidden")
            if f"<bdi>{word}</bdi></span></a>" in page
        }
        assert found == expected

    def test_a_category_never_stands_below_itself(self, cast: Cast) -> None:
        child = Category.objects.create(slug="child", name="Child", parent=cast.lost_card)
        said = {
            "name": "Lost card", "slug": "lost-card", "parent": child.pk, "impact": 3, "urgency": 2,
            "position": 0, "fields-TOTAL_FORMS": 0, "fields-INITIAL_FORMS": 0,
        }  # fmt: skip

        answer = client_of(cast.ada).post(
            f"/admin/tickets/category/{cast.lost_card.pk}/change/", said
        )

        assert "stand below itself" in answer.content.decode().replace("&#x27;", "'")
        assert Category.objects.get(pk=cast.lost_card.pk).parent is None
