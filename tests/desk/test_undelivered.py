"""What agents see of mail that did not arrive, and what they can do."""

from __future__ import annotations

import pytest

from apps.notifications import actions
from apps.notifications.models import OutgoingMail, Recipient
from apps.tickets.models import Message
from tests.cast import Cast, client_of
from tests.notifications.test_feedback import RACHEL, notice, sent_reply
from tests.tickets.desk import LATER, raised

pytestmark = pytest.mark.django_db


def ticket_of(mail: OutgoingMail) -> int:
    return Message.objects.get(pk=mail.message_id or 0).ticket_id


def test_the_ticket_says_to_whom_an_answer_did_not_come_and_why(cast: Cast) -> None:
    mail = sent_reply(cast)
    actions.handle_feedback(notice("hard"), now=LATER)

    page = client_of(cast.lena).get(f"/admin/tickets/ticket/{ticket_of(mail)}/change/")

    shown = page.content.decode()
    assert "Came back" in shown
    assert f"{RACHEL}: The mail came back. smtp; 550 no such user" in shown
    assert "No more mail is sent to this address." in shown


def test_the_reason_is_told_in_the_readers_language(cast: Cast) -> None:
    mail = sent_reply(cast)
    actions.mark_unsent(mail=mail, error="x", now=LATER)
    OutgoingMail.objects.update(state="failed", error="Sent by nobody.\n550 <b>no</b>")
    Message.objects.filter(pk=mail.message_id or 0).update(delivery="failed")

    page = client_of(cast.lena).get(f"/admin/tickets/ticket/{ticket_of(mail)}/change/")

    assert f"{RACHEL}: Sent by nobody. 550 &lt;b&gt;no&lt;/b&gt;" in page.content.decode()


def test_an_agent_may_have_the_address_mailed_again(cast: Cast) -> None:
    mail = sent_reply(cast)
    actions.handle_feedback(notice("hard"), now=LATER)
    client, at = client_of(cast.lena), f"/admin/tickets/ticket/{ticket_of(mail)}"
    offered = client.get(f"{at}/change/").content.decode()

    done = client.post(f"{at}/mail-again/do/", {"version": "1"})

    assert f"{at}/mail-again/do/" in offered
    assert done.status_code == 302
    assert not Recipient.objects.get(address=RACHEL).is_blocked
    assert f"{at}/mail-again/do/" not in client.get(f"{at}/change/").content.decode()


def test_there_is_nothing_to_mail_again_where_mail_arrives(cast: Cast) -> None:
    ticket = raised(cast, team=cast.cards)

    at = f"/admin/tickets/ticket/{ticket.pk}/mail-again/do/"

    assert client_of(cast.lena).get(at).status_code == 403


def test_administrators_see_it_on_the_persons_page_and_mend_it_there(cast: Cast) -> None:
    actions.handle_feedback(notice("complaint"), now=LATER)
    client, at = client_of(cast.ada), f"/admin/accounts/user/{cast.rachel.pk}/change/"
    shown = client.get(at).content.decode()

    back = client.post("/admin/notifications/recipient/again/", {"address": RACHEL, "next": at})

    assert "Marked our mail as spam" in shown
    assert back["Location"] == at
    assert "Marked our mail as spam" not in client.get(at).content.decode()


def test_nobody_is_led_elsewhere(cast: Cast) -> None:
    back = client_of(cast.ada).post(
        "/admin/notifications/recipient/again/", {"address": "x", "next": "https://evil.example/"}
    )

    assert back["Location"] == "/admin/"


def test_administrators_list_the_addresses_and_clear_several(cast: Cast) -> None:
    for to in (RACHEL, "x@example.com"):
        actions.handle_feedback(notice("hard", to=to), now=LATER)
    client = client_of(cast.ada)
    listed = client.get("/admin/notifications/recipient/").content.decode()

    client.post(
        "/admin/notifications/recipient/",
        {
            "action": "mail_again",
            "_selected_action": list(Recipient.objects.values_list("pk", flat=True)),
        },
    )

    assert "x@example.com" in listed
    assert not Recipient.objects.exclude(state="ok").exists()


def test_administrators_mail_to_one_again_from_its_page_which_asks_first(cast: Cast) -> None:
    actions.handle_feedback(notice("hard"), now=LATER)
    known, client = Recipient.objects.get(), client_of(cast.ada)
    own = f"/admin/notifications/recipient/{known.pk}"

    asked = client.post(f"{own}/again/")
    assert (asked.status_code, Recipient.objects.get().state) == (200, "suppressed")
    done = client.post(f"{own}/again/", {"sure": "on"})

    assert (done.status_code, done["Location"]) == (302, f"{own}/change/")
    assert Recipient.objects.get().state == "ok"
