"""What the workspace shows, costs, keeps and tells by itself."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.desk import actions as desk
from apps.desk import quoting
from apps.desk.models import Draft, SavedReply
from apps.kernel.actors import SYSTEM
from apps.notifications.models import Notification
from apps.tickets import actions
from apps.tickets.models import Message, Ticket
from tests.cast import Cast, client_of
from tests.desk.writing import DUE, kept, noted, sent
from tests.notifications.post import hear
from tests.tickets.desk import LATER, raised, standing, status, stored

pytestmark = pytest.mark.django_db
# What every page of a signed-in agent asks first: session, person, permissions, teams, and the
# frame's own menus.
BUDGET, BEFORE = 14, 8


def at(ticket: Ticket, what: str = "change") -> str:
    return f"/admin/tickets/ticket/{ticket.pk}/{what}/"


def asked(client: Client, path: str) -> list[str]:
    client.get(path)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in caught]


def long_thread(cast: Cast, ticket: Ticket, messages: int) -> None:
    """Written straight: an action each would take longer than the test is worth."""
    first = Message.objects.filter(ticket=ticket)[0]
    Message.objects.bulk_create(
        Message(
            ticket=ticket,
            author=cast.alice,
            visibility="public",
            direction="out",
            channel="agent",
            source=f"number {n}",
            form="markdown",
            html=f"<p>number {n}</p>",
            sanitiser_version=first.sanitiser_version,
            created_at=LATER + timedelta(minutes=n),
        )
        for n in range(messages)
    )


class TestThePage:
    def test_costs_the_same_for_3_and_300_messages_and_keeps_its_budget(self, cast: Cast) -> None:
        short, long = raised(cast, attachments=[stored()]), raised(cast, attachments=[stored()])
        long_thread(cast, short, 2)
        long_thread(cast, long, 299)
        client = client_of(cast.alice)

        few, many = asked(client, at(short)), asked(client, at(long))

        assert len(many) == len(few), "\n".join(many)
        tables = ("tickets_", "desk_draft", "shared", "knowledge_")
        own = [sql for sql in many if any(table in sql for table in tables)]
        assert len(own) <= BUDGET, "\n".join(own)
        assert len(many) <= BUDGET + BEFORE, "\n".join(many)

    def test_folds_a_long_thread_and_goes_back_step_by_step(self, cast: Cast) -> None:
        ticket = raised(cast)
        long_thread(cast, ticket, 53)
        client = client_of(cast.alice)

        newest = client.get(at(ticket))
        before = newest.context["said"].first
        older = client.get(at(ticket), {"before": before})

        assert b"Show 24 earlier messages" in newest.content
        shown = [
            item.message.source
            for page in (older, newest)
            for item in page.context["said"].items
            if item.message
        ]
        assert shown == ["Help.", *(f"number {n}" for n in range(53))]
        assert older.context["said"].earlier == 0
        assert b'id="composer"' not in older.content

    def test_shows_no_older_page_of_another_ticket(self, cast: Cast) -> None:
        hidden = raised(cast, team=cast.fraud)
        anchor = Message.objects.get(ticket=hidden).pk
        client = client_of(cast.alice)

        assert client.get(at(raised(cast)), {"before": anchor}).status_code == 404
        assert client.get(at(raised(cast)), {"before": "rubbish"}).status_code == 200

    def test_tells_changes_between_messages_one_line_a_person_and_moment(self, cast: Cast) -> None:
        ticket = raised(cast)
        actions.take(ticket=ticket, actor=cast.actor(cast.alice), now=LATER)
        actions.tag(ticket=ticket, add=["vip"], actor=cast.actor(cast.alice), now=LATER)

        answer = client_of(cast.lena).get(at(ticket))

        lines = [item.line for item in answer.context["said"].items if item.line]
        assert [(line.who, line.what) for line in lines] == [
            ("Alice", "took it, changed the status from New to Open, tagged it vip")
        ]

    def test_shows_the_requesters_open_tickets_first(self, cast: Cast) -> None:
        old = raised(cast, subject="open")
        standing(cast, "closed", subject="closed")

        others = client_of(cast.alice).get(at(raised(cast))).context["others"].tickets

        assert [row.subject for row in others] == ["open", "closed"]
        assert others[0] == old

    def test_lists_no_tie_to_a_hidden_ticket(self, cast: Cast) -> None:
        ticket, hidden = raised(cast), raised(cast, subject="Hidden", team=cast.fraud)
        actions.link(ticket=ticket, target=hidden, kind="relates", actor=SYSTEM, now=LATER)
        actions.set_parent(ticket=hidden, parent=ticket, actor=SYSTEM, now=LATER)

        assert b"Hidden" not in client_of(cast.alice).get(at(ticket)).content

    def test_offers_assignees_of_the_team_alone(self, cast: Cast) -> None:
        context = client_of(cast.alice).get(at(raised(cast, team=cast.cards))).context

        assert set(context["assignees"].values()) == {"Alice", "Lena"}

    def test_shows_mentions_as_chips_and_only_in_notes(self, cast: Cast) -> None:
        ticket = raised(cast, text="ask @bob")
        noted(ticket, cast.alice, "ask @bob")

        page = client_of(cast.alice).get(at(ticket)).content.decode()

        assert page.count('<span class="mention">@Bob</span>') == 1


class TestTheComposer:
    def post(self, client: Client, ticket: Ticket, what: str = "write", **said: Any) -> Any:
        newest = Message.objects.order_by("-pk")[0].pk
        form = {"text": "T", "submission": str(uuid.uuid4()), "seen": newest, **said}
        return client.post(at(ticket, what), form)

    def test_sends_with_a_status_and_files_and_can_undo(self, cast: Cast) -> None:
        ticket, client = raised(cast), client_of(cast.alice)

        self.post(client, ticket, status=status_id("pending"))
        page = client.get(at(ticket))
        undone = client.post(at(ticket, "undo"), {"draft": Draft.objects.get().pk})
        after = client.get(at(ticket))

        assert b"Undo" in page.content
        assert undone.status_code == 302
        assert after.context["reply"]["text"].value() == "T"
        assert b"You took this reply back" in after.content

    def test_a_text_of_one_pane_is_never_in_the_other(self, cast: Cast) -> None:
        ticket, client = raised(cast), client_of(cast.alice)
        kept(ticket, cast.alice, "among us", kind="note")

        page = client.get(at(ticket))

        assert page.context["note"]["text"].value() == "among us"
        assert not page.context["reply"]["text"].value()
        assert page.context["is_note"]

    def test_an_error_shows_in_its_pane_with_what_was_typed(self, cast: Cast) -> None:
        ticket, client = raised(cast, team=cast.fraud), client_of(cast.fay)

        answer = self.post(client, ticket, text="@bob look", note="1")

        assert answer.status_code == 409
        assert "Bob can&#x27;t see this ticket" in answer.content.decode()
        assert answer.context["note"]["text"].value() == "@bob look"
        assert not answer.context["reply"].errors

    def test_keeps_a_draft_for_a_script_and_for_a_plain_form(self, cast: Cast) -> None:
        ticket, client = raised(cast), client_of(cast.alice)
        json: Any = {"headers": {"Accept": "application/json"}}

        first = client.post(at(ticket, "draft"), {"text": "A", "draft_version": 0}, **json)
        again = client.post(at(ticket, "draft"), {"text": "B", "draft_version": 0}, **json)
        plain = client.post(
            at(ticket, "draft") + "?then=replies", {"text": "C", "draft_version": 1}
        )

        assert first.json()["version"] == 1
        assert "Draft kept" in first.json()["told"]
        assert (again.status_code, again.json()["text"]) == (409, "A")
        assert plain["Location"] == at(ticket, "replies")
        assert Draft.objects.get().text == "C"

    def test_a_saved_reply_goes_in_without_scripts(self, cast: Cast) -> None:
        ticket, client = raised(cast), client_of(cast.alice)
        kept(ticket, cast.alice, "Dear customer,")
        reply = desk.save_reply(
            reply=None, title="Sorry", body="Sorry, {{requester.first_name}}.", scope="global",
            actor=cast.actor(cast.ada), now=LATER,
        )  # fmt: skip

        listed = client.get(at(ticket, "replies"))
        client.post(at(ticket, "replies"), {"reply": reply.pk})
        told = client.get(at(ticket, "replies"), headers={"Accept": "application/json"})

        assert b"Sorry, Rachel." in listed.content
        assert Draft.objects.get().text == "Dear customer,\n\nSorry, Rachel."
        assert told.json()["replies"][0]["text"] == "Sorry, Rachel."

    def test_another_ones_saved_reply_is_not_there(self, cast: Cast) -> None:
        desk.save_reply(
            reply=None, title="Mine", body="x", scope="personal", actor=cast.actor(cast.lena),
            now=LATER,
        )  # fmt: skip

        answer = client_of(cast.alice).post(
            at(raised(cast), "replies"), {"reply": SavedReply.objects.get().pk}
        )

        assert answer.status_code == 404

    def test_previews_what_is_sanitised(self, cast: Cast) -> None:
        answer = client_of(cast.alice).post(
            at(raised(cast), "preview"), {"text": "**b** <script>x</script> @bob", "note": "1"}
        )

        assert answer.content.decode().strip() == (
            "<p><strong>b</strong> &lt;script&gt;x&lt;/script&gt;"
            ' <span class="mention">@Bob</span></p>'
        )

    def test_offers_to_mention_those_who_see_the_ticket(self, cast: Cast) -> None:
        ticket = raised(cast, team=cast.fraud)

        told = client_of(cast.fay).get(at(ticket, "people")).json()["people"]

        assert told == [{"handle": "ada", "name": "Ada"}]


class TestNews:
    def test_is_nothing_while_nothing_happens_and_costs_little(self, cast: Cast) -> None:
        ticket, client = raised(cast), client_of(cast.alice)
        path = at(ticket, "news") + f"?version={ticket.version}&seen=1&fact=1"
        tag = client.get(path)["ETag"]

        with CaptureQueriesContext(connection) as caught:
            answer = client.get(path, headers={"If-None-Match": tag})

        assert answer.status_code == 304
        assert len(caught) <= BEFORE, [query["sql"] for query in caught]

    def test_brings_what_is_new_and_says_who_wrote(self, cast: Cast) -> None:
        ticket, client = raised(cast), client_of(cast.alice)
        seen = Message.objects.get().pk
        path = at(ticket, "news") + f"?version={ticket.version}&seen={seen}&fact=0"
        tag = client.get(path)["ETag"]
        actions.reply(ticket=ticket, text="Hurry", actor=cast.actor(cast.rachel), now=LATER)

        answer = client.get(path, headers={"If-None-Match": tag})

        page = answer.content.decode()
        assert answer.status_code == 200
        assert "Hurry" in page
        assert "My card is gone" in page
        assert "Help." not in page
        assert "Rachel wrote while you were writing" in page
        assert f'data-seen="{Message.objects.latest("pk").pk}"' in page

    def test_tells_that_messages_were_moved(self, cast: Cast) -> None:
        ticket, survivor = raised(cast), raised(cast)
        seen, version = Message.objects.latest("pk").pk, survivor.version
        actions.merge(ticket=ticket, survivor=survivor, actor=SYSTEM, now=LATER)

        answer = client_of(cast.alice).get(
            at(ticket, "news") + f"?version={version}&seen={seen}&fact=0"
        )

        assert b"Messages were moved" in answer.content

    def test_brings_back_a_reply_that_was_not_sent(self, cast: Cast) -> None:
        ticket = raised(cast)
        seen = Message.objects.latest("pk").pk
        sent(ticket, cast.alice, 'Say "hello"\nto all', seen=seen, attachments=[stored()])
        actions.reply(ticket=ticket, text="Wait", actor=cast.actor(cast.rachel), now=LATER)
        desk.send_all_due(now=DUE)

        page = client_of(cast.alice).get(at(ticket, "news") + "?version=0&seen=0&fact=0")
        others = client_of(cast.bob).get(at(ticket, "news") + "?version=0&seen=0&fact=0")

        draft = Draft.objects.get()
        told = page.content.decode()
        assert f'data-held="reply" data-draft-version="{draft.version}"' in told
        assert 'data-text="Say &quot;hello&quot;\nto all"' in told
        assert draft.get_notice_display() in told
        assert f'name="without" value="{draft.files.get().pk}"' in told
        assert "wrote a reply (Not sent: there was a new message" in told
        assert "data-held" not in others.content.decode()

    def test_shows_who_is_here_and_who_has_a_draft(self, cast: Cast) -> None:
        ticket = raised(cast)
        lena = client_of(cast.lena)
        lena.post(at(ticket, "here"), {"state": "reply"})
        kept(ticket, cast.bob, "secret words")

        page = client_of(cast.alice).get(at(ticket)).content.decode()
        lena.post(at(ticket, "here"), {"state": "gone"})
        later = client_of(cast.alice).get(at(ticket)).content.decode()

        assert "Lena is writing a reply" in page
        assert "Bob has a draft" in page
        assert "secret words" not in page
        assert "Lena is" not in later

    def test_sends_what_is_due_when_the_page_says_so(self, cast: Cast) -> None:
        ticket = raised(cast)
        sent(ticket, cast.alice)

        answer = client_of(cast.alice).post(at(ticket, "send"))

        assert answer.status_code == 204
        assert Message.objects.filter(direction="out").exists()


class TestAPanelsPage:
    def test_shows_what_a_merge_will_do(self, cast: Cast) -> None:
        ticket, other = raised(cast, subject="Goes"), raised(cast, cast.ross, subject="Stays")
        actions.note(ticket=ticket, text="n", actor=cast.actor(cast.alice), now=LATER)
        actions.watch(
            ticket=other, user=None, address="w@x.example", actor=cast.actor(cast.alice), now=LATER
        )

        page = client_of(cast.alice).get(at(ticket, "merge/do"), {"number": other.pk})

        preview = page.context["merge"]
        assert (preview.goes.ticket, preview.goes.public, preview.goes.notes) == (ticket, 1, 1)
        assert preview.watchers == ["Rachel", "w@x.example"]
        assert b"It can be undone at any time" in page.content
        assert not Ticket.objects.filter(merged_into=other).exists()

    @pytest.mark.parametrize(
        ("who", "told"), [("oscar", "different customers"), (None, "There is no ticket #987654")]
    )
    def test_says_beforehand_what_can_not_be_merged(
        self, cast: Cast, who: str | None, told: str
    ) -> None:
        number = raised(cast, getattr(cast, who)).pk if who else 987654

        page = client_of(cast.alice).get(at(raised(cast), "merge/do"), {"number": number})

        assert told in page.content.decode()
        assert b'class="panel-form' not in page.content

    def test_finds_tickets_to_choose_from_and_no_hidden_ones(self, cast: Cast) -> None:
        ticket = raised(cast)
        hers = raised(cast, subject="Hers")
        raised(cast, subject="Hidden", team=cast.fraud)
        client = client_of(cast.alice)

        open_ones = client.get(at(ticket, "links/do")).context["choices"]
        by_number = client.get(at(ticket, "links/do"), {"q": f"#{hers.pk}"}).context["choices"]
        chosen = client.get(at(ticket, "links/do"), {"number": hers.pk}).context["chosen"]

        assert [row.subject for row in open_ones] == ["Hers"]
        assert [row.number for row in by_number] == [hers.pk]
        assert chosen.subject == "Hers"

    def test_shows_which_messages_a_split_takes_along(self, cast: Cast) -> None:
        ticket = raised(cast)
        second = actions.reply(ticket=ticket, text="more", actor=cast.actor(cast.rachel), now=LATER)

        chosen: Any = {"messages": second.pk, "subject": "New one"}

        page = client_of(cast.alice).get(at(ticket, "split/do"), chosen)

        assert b"1 message moves, 1 stays." in page.content
        assert 'value="New one"' in page.content.decode()
        assert f'value="{second.pk}"' in page.content.decode()
        assert "checked" in page.content.decode()


def status_id(category: str) -> int:
    return status(category).pk


@pytest.mark.parametrize(
    ("html", "folds"),
    [
        ("<p>short</p><blockquote><p>x</p></blockquote>", 0),
        (f"<blockquote><p>{'x' * 300}</p></blockquote><p>new</p>", 1),
        (f"<blockquote><blockquote>{'x' * 300}</blockquote></blockquote>", 1),
        (f"<blockquote>{'x' * 300}</blockquote><p>a</p><blockquote>{'y' * 300}</blockquote>", 2),
    ],
)
def test_long_quotations_are_folded_and_nothing_is_lost(html: str, folds: int) -> None:
    shown = quoting.folded(html)

    assert shown.count("<details") == shown.count("</details>") == folds
    unfolded = shown.replace("</details>", "").replace(
        '<details class="quoted"><summary>Show what is quoted</summary>', ""
    )
    assert unfolded == html


class TestGivenAway:
    """To a private team that its giver isn't in: they see the ticket no more."""

    def given(self, cast: Cast, **headers: str) -> Any:
        ticket = raised(cast, team=cast.cards)
        said = {"team": cast.fraud.pk, "assignee": "", "version": ticket.version}
        client = client_of(cast.alice)
        answer = client.post(at(ticket, "assign/do"), said, headers=headers)
        ticket.refresh_from_db()
        assert ticket.team == cast.fraud
        return client, answer

    def test_leads_to_the_queue_which_says_why(self, cast: Cast) -> None:
        client, answer = self.given(cast)

        assert answer["Location"] == "/admin/tickets/ticket/"
        assert "Its team is private" in client.get(answer["Location"]).content.decode()

    def test_sends_a_script_there(self, cast: Cast) -> None:
        client, answer = self.given(cast, **{"X-Requested-With": "fetch"})

        assert (answer.status_code, answer["HX-Redirect"]) == (204, "/admin/tickets/ticket/")
        assert "Its team is private" in client.get(answer["HX-Redirect"]).content.decode()


def test_a_script_that_may_stay_is_told_nothing(cast: Cast) -> None:
    ticket = raised(cast, team=cast.cards)

    answer = client_of(cast.alice).post(
        at(ticket, "take/do"),
        {"version": ticket.version},
        headers={"X-Requested-With": "fetch"},
    )

    assert (answer.status_code, answer.headers.get("HX-Redirect")) == (204, None)


def test_opening_a_ticket_reads_what_was_told_of_it(cast: Cast) -> None:
    ticket = raised(cast, team=cast.cards)
    actions.take(ticket=ticket, actor=cast.actor(cast.alice), now=LATER)
    actions.reply(ticket=ticket, text="More", actor=cast.actor(cast.rachel), now=LATER)
    hear()
    unread = Notification.objects.shown_to(cast.actor(cast.alice)).unread()
    assert unread.exists()

    client_of(cast.alice).get(at(ticket))

    assert not unread.exists()


def test_staff_who_only_watch_a_private_ticket_get_the_customers_page(cast: Cast) -> None:
    ticket = raised(cast, text="My card", team=cast.fraud)
    actions.watch(ticket=ticket, user=cast.bob, actor=SYSTEM, now=LATER)
    noted(ticket, cast.fay, "Fraudster")
    client = client_of(cast.bob)

    shown = client.get(at(ticket), follow=True)

    assert shown.redirect_chain[0][0] == f"/requests/{ticket.ref}/"
    assert "My card" in shown.content.decode()
    assert "Fraudster" not in shown.content.decode()
    for what in ("news", "people", "article", "tags/do"):
        assert client.get(at(ticket, what)).status_code == 403
    assert "Fraudster" not in client.get(f"/requests/{ticket.ref}/news/").content.decode()


def test_a_merged_tickets_notes_stay_with_its_team(cast: Cast) -> None:
    private, survivor = raised(cast, team=cast.fraud), raised(cast, team=cast.cards)
    noted(private, cast.fay, "Fraudster")
    actions.merge(ticket=private, survivor=survivor, actor=cast.actor(cast.ada), now=LATER)

    for path in (at(survivor), f"{at(survivor, 'news')}?version=0&seen=0"):
        assert "Fraudster" in client_of(cast.ada).get(path).content.decode()
        assert "Fraudster" not in client_of(cast.alice).get(path).content.decode()


@pytest.mark.parametrize(
    ("panel", "said"), [("split", "only one message"), ("redact-file", "No file is left")]
)
def test_a_panel_that_has_nothing_to_offer_says_so(cast: Cast, panel: str, said: str) -> None:
    answer = client_of(cast.ada).get(at(raised(cast), f"{panel}/do"))

    assert answer.status_code == 200
    assert said in answer.content.decode()
