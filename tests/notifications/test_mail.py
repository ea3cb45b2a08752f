"""From a fact to a file in the outbox."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as desk
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.events import relay
from apps.kernel.references import read_message_id
from apps.notifications import actions, tasks
from apps.notifications.actions import MAX_ATTEMPTS
from apps.notifications.kinds import Kind
from apps.notifications.models import Notification, OutgoingMail, Preference
from apps.tickets import actions as tickets
from apps.tickets.models import Message, Ticket
from tests.cast import Cast, make_cast
from tests.notifications.post import hear, mails, text_of
from tests.support import NOON, transactional
from tests.tickets.desk import LATER, raised


@pytest.mark.django_db
class TestAMail:
    def test_has_text_html_and_a_thread_of_our_own_ids(self, cast: Cast, outbox: Path) -> None:
        ticket = raised(cast, text="Where is it?")
        hear()
        receipt = mails(outbox)["rachel@example.com"]
        reply = tickets.reply(
            ticket=ticket, text="It is **here**", actor=cast.actor(cast.alice), now=LATER
        )
        hear()
        answer = mails(outbox)["rachel@example.com"]

        key = desk.SECRET_KEY
        assert "It is **here**" in text_of(answer)
        assert "<strong>here</strong>" in text_of(answer, "html")
        assert str(answer["Message-ID"]).strip() == Message.objects.get(pk=reply.pk).message_id
        for mail in (receipt, answer):
            for name in ("In-Reply-To", "References"):
                for one in str(mail[name]).split():
                    assert (read_message_id(one, key=key) or ("", 0))[0] == ticket.ref
        assert str(answer["References"]).split()[0] == str(receipt["References"]).split()[0]
        assert f"/requests/{ticket.ref}/" in text_of(answer)
        assert Message.objects.get(pk=reply.pk).delivery == "sent"

    def test_tells_several_things_at_once(self, cast: Cast, outbox: Path) -> None:
        ticket = raised(cast)
        for text in ("one", "two", "three"):
            tickets.reply(ticket=ticket, text=text, actor=cast.actor(cast.alice), now=LATER)
        hear()

        assert OutgoingMail.objects.filter(to="rachel@example.com").count() == 1
        text = text_of(mails(outbox)["rachel@example.com"])
        assert text.index("one") < text.index("two") < text.index("three")

    def test_waits_for_what_may_follow(self, cast: Cast, settings: object) -> None:
        settings.NOTIFY_AFTER_SECONDS = 60  # type: ignore[attr-defined]
        raised(cast)

        hear(now=timezone.now() + timedelta(seconds=50))
        assert not OutgoingMail.objects.exists()
        hear(now=timezone.now() + timedelta(seconds=61))

        assert OutgoingMail.objects.count() == 1

    def test_a_hostile_subject_is_one_line(self, cast: Cast, outbox: Path) -> None:
        raised(cast, subject="Hi\r\nBcc: all@example.com\r\n\r\nbody")
        hear()

        mail = mails(outbox)["rachel@example.com"]
        assert mail["Bcc"] is None
        assert "Bcc: all@example.com" in str(mail["Subject"])

    def test_a_note_reaches_no_customer(self, cast: Cast, outbox: Path) -> None:
        ticket = raised(cast, team=cast.cards)
        tickets.take(ticket=ticket, actor=cast.actor(cast.lena), now=LATER)
        for user, address in ((cast.ross, ""), (None, "dad@example.net")):
            tickets.watch(
                ticket=ticket, user=user, address=address, actor=cast.actor(cast.alice), now=LATER
            )
        tickets.note(ticket=ticket, text="between us", actor=cast.actor(cast.alice), now=LATER)
        hear()

        told = {to for to, mail in mails(outbox).items() if "between us" in mail.as_string()}
        assert told == {"lena@example.com"}

    def test_who_may_no_longer_see_it_gets_none(self, cast: Cast) -> None:
        ticket = raised(cast)
        tickets.watch(ticket=ticket, user=cast.ross, actor=cast.actor(cast.alice), now=LATER)
        tickets.reply(ticket=ticket, text="x", actor=cast.actor(cast.alice), now=LATER)
        tickets.unwatch(ticket=ticket, user=cast.ross, actor=cast.actor(cast.alice), now=LATER)
        hear()

        assert not OutgoingMail.objects.filter(to="ross@example.com").exists()

    def test_a_fact_that_is_heard_twice_is_told_once(self, cast: Cast) -> None:
        raised(cast)
        claims = relay.claim_due(now=timezone.now())
        again = relay.claim_due(now=timezone.now() + relay.LEASE)
        for claim in [*claims, *again]:
            relay.deliver(claim)

        assert Notification.objects.count() == 1


@pytest.mark.django_db
class TestPreferences:
    def test_are_kept_to(self, cast: Cast) -> None:
        rachel = cast.actor(cast.rachel)
        actions.prefer(user=cast.rachel, choices={Kind.RECEIVED: False}, actor=rachel)
        raised(cast)
        hear()

        assert not OutgoingMail.objects.exists()

    def test_one_click_in_the_mail_ends_it(self, cast: Cast, outbox: Path) -> None:
        raised(cast)
        hear()
        mail = mails(outbox)["rachel@example.com"]
        link = str(mail["List-Unsubscribe"]).strip().strip("<>").removeprefix(desk.SITE_URL)

        client = Client(enforce_csrf_checks=True)
        looked = client.get(link)
        before = Preference.objects.count()
        client.post(link, {"List-Unsubscribe": "One-Click"})

        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert looked.status_code == 200
        assert before == 0
        assert not Preference.objects.filter(user=cast.rachel, mail=True).exists()
        assert client.post(link[:-3] + "xx/").status_code == 404


class Refusing(BaseEmailBackend):
    """A mail server that says no."""

    def send_messages(self, _messages: object) -> int:
        raise ConnectionRefusedError("no such server")


@pytest.mark.django_db
class TestSending:
    @pytest.fixture
    def refused(self, settings: object) -> None:
        settings.EMAIL_BACKEND = f"{__name__}.Refusing"  # type: ignore[attr-defined]

    def test_what_fails_is_tried_again_later(self, cast: Cast, refused: None) -> None:
        raised(cast)
        hear()
        tasks.send_due()

        mail = OutgoingMail.objects.get()
        assert (mail.state, mail.claims) == ("queued", 1)
        assert mail.due_at > timezone.now()
        assert "no such server" in mail.error

    def test_what_fails_for_ever_is_given_up_and_shown_on_the_ticket(
        self, cast: Cast, refused: None
    ) -> None:
        ticket = raised(cast)
        reply = tickets.reply(ticket=ticket, text="x", actor=cast.actor(cast.alice), now=LATER)
        hear()
        for _ in range(MAX_ATTEMPTS):
            OutgoingMail.objects.update(due_at=NOON)
            tasks.send_due()

        mail = OutgoingMail.objects.get()
        assert mail.state == "failed"
        assert Message.objects.get(pk=reply.pk).delivery == "failed"
        assert actions.retry_mail(mail_ids=[mail.pk], now=NOON) == 1
        assert OutgoingMail.objects.get().state == "queued"

    def test_a_bad_address_fails_at_once_and_stops_nobody(self, outbox: Path) -> None:
        for key, to in (("a", "nonsense"), ("b", "good@example.com")):
            actions.queue_mail(key=key, to=to, subject="S", text="T", html="", now=NOON)

        assert set(mails(outbox)) == {"good@example.com"}
        assert OutgoingMail.objects.get(key="a").state == "failed"

    def test_the_same_mail_again_is_the_same_file(self, outbox: Path) -> None:
        actions.queue_mail(key="a", to="x@example.com", subject="S", text="T", html="", now=NOON)
        tasks.send_due()
        OutgoingMail.objects.update(state="queued", due_at=NOON)
        tasks.send_due()

        assert len(list(outbox.iterdir())) == 1

    def test_old_mail_is_forgotten(self, outbox: Path) -> None:
        actions.queue_mail(key="a", to="x@example.com", subject="S", text="T", html="", now=NOON)
        tasks.send_due()

        actions.prune_mail(before=timezone.now() - timedelta(days=1))
        kept = OutgoingMail.objects.count()
        actions.prune_mail(before=timezone.now() + timedelta(days=1))

        assert (kept, OutgoingMail.objects.count()) == (1, 0)


@transactional
def test_two_senders_send_each_mail_once(settings: object) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"  # type: ignore[attr-defined]
    django_mail.outbox = []
    for n in range(10):
        actions.queue_mail(
            key=f"{n}", to=f"{n}@example.com", subject="S", text="T", html="", now=NOON
        )

    def send() -> None:
        try:
            tasks.send_due()
        finally:
            connection.close()

    senders = [threading.Thread(target=send) for _ in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert sorted(mail.to[0] for mail in django_mail.outbox) == [
        f"{n}@example.com" for n in range(10)
    ]


@transactional
def test_two_composers_make_one_mail() -> None:
    cast = make_cast()
    raised(cast)
    while claims := relay.claim_due(now=timezone.now()):
        for claim in claims:
            relay.deliver(claim)

    def compose() -> None:
        try:
            while actions.compose_next(now=timezone.now() + timedelta(hours=1)):
                pass
        finally:
            connection.close()

    composers = [threading.Thread(target=compose) for _ in range(2)]
    for composer in composers:
        composer.start()
    for composer in composers:
        composer.join()

    assert OutgoingMail.objects.count() == 1
    assert Ticket.objects.count() == 1
