"""Who is told, by their own choice."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as desk
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts import actions as people
from apps.accounts.permissions import Role
from apps.kernel.actors import SYSTEM
from apps.kernel.errors import ForbiddenError
from apps.notifications import actions, tasks
from apps.notifications.actions import MAX_ATTEMPTS, MAX_BACKOFF
from apps.notifications.kinds import STAFF_KINDS, Kind
from apps.notifications.models import Notification, OutgoingMail, Preference
from apps.notifications.unsubscribe import unsubscribe_url
from apps.tickets import actions as tickets
from tests.cast import Cast
from tests.notifications.post import hear, mails, text_of
from tests.support import NOON
from tests.tickets.desk import LATER, raised, status

pytestmark = pytest.mark.django_db


def told(cast: Cast) -> set[str]:
    """Who gets mail of what happened, by first name."""
    hear()
    return {mail.to.partition("@")[0] for mail in OutgoingMail.objects.all()}


class TestPreferences:
    @pytest.mark.parametrize(
        ("who", "kinds"), [("rachel", set(Kind) - STAFF_KINDS), ("alice", set(Kind))]
    )
    def test_page_has_a_switch_for_what_one_may_get(
        self, cast: Cast, who: str, kinds: set[Kind]
    ) -> None:
        client = Client()
        client.force_login(getattr(cast, who))

        page = client.get("/notifications/preferences/").content.decode()
        saved = client.post("/notifications/preferences/", {"reply": "on", "note": "on"})

        assert set(re.findall(r'type="checkbox" name="(\w+)"', page)) == kinds
        assert page.count("checked") == len(kinds)
        assert saved.status_code == 302
        rows = dict(Preference.objects.values_list("kind", "mail"))
        assert rows == {kind: kind in {Kind.REPLY, Kind.NOTE} & kinds for kind in kinds}

    def test_page_is_for_those_who_signed_in(self, cast: Cast) -> None:
        assert Client().get("/notifications/preferences/").status_code == 302

    def test_are_ones_own(self, cast: Cast) -> None:
        with pytest.raises(ForbiddenError):
            actions.prefer(
                user=cast.rachel, choices={Kind.REPLY: False}, actor=cast.actor(cast.ada)
            )

    def test_leave_the_other_kinds_and_the_other_people_alone(self, cast: Cast) -> None:
        ticket = raised(cast, team=cast.cards)
        tickets.watch(ticket=ticket, user=cast.ross, actor=cast.actor(cast.alice), now=LATER)
        rachel = cast.actor(cast.rachel)
        actions.prefer(user=cast.rachel, choices={Kind.REPLY: False}, actor=rachel)
        hear()
        OutgoingMail.objects.all().delete()

        tickets.reply(ticket=ticket, text="x", actor=cast.actor(cast.alice), now=LATER)
        of_reply = told(cast)
        tickets.change_status(
            ticket=ticket, status=status("resolved"), actor=cast.actor(cast.alice), now=LATER
        )

        assert of_reply == {"ross"}
        assert "rachel" in told(cast)

    def test_one_who_was_told_to_go_is_told_nothing(self, cast: Cast) -> None:
        raised(cast)
        cast.rachel.is_active = False
        cast.rachel.save(update_fields=["is_active"])

        assert told(cast) == set()
        assert not Notification.objects.filter(settled_at=None).exists()


class TestNotes:
    def test_are_kept_from_whoever_is_staff_no_longer(self, cast: Cast) -> None:
        ticket = raised(cast)
        tickets.watch(ticket=ticket, user=cast.lena, actor=cast.actor(cast.lena), now=LATER)
        tickets.note(ticket=ticket, text="between us", actor=cast.actor(cast.alice), now=LATER)
        tickets.reply(ticket=ticket, text="to all", actor=cast.actor(cast.alice), now=LATER)
        hear(now=NOON)
        noted = set(Notification.objects.filter(recipient=cast.lena).values_list("kind", flat=True))

        people.set_role(user=cast.lena, role=Role.REQUESTER, actor=SYSTEM, now=LATER)
        hear()

        sent = OutgoingMail.objects.get(to="lena@example.com")
        assert noted == {Kind.NOTE, Kind.REPLY}
        assert "to all" in sent.text
        assert "between us" not in sent.text + sent.html


class TestUnsubscribing:
    @pytest.mark.parametrize("harm", ["", "x", ":"])
    def test_needs_the_signed_link(self, cast: Cast, harm: str) -> None:
        path = unsubscribe_url(cast.rachel).removeprefix(desk.SITE_URL)
        broken = path.replace(path.split("/")[-2], harm or "nonsense")

        assert Client().post(broken).status_code == 404
        assert not Preference.objects.exists()

    def test_ends_mail_about_tickets_and_no_other(self, cast: Cast) -> None:
        path = unsubscribe_url(cast.rachel).removeprefix(desk.SITE_URL)
        Client().post(path, {"List-Unsubscribe": "One-Click"})
        Client().post("/account/password/reset/", {"email": cast.rachel.email})

        ticket = raised(cast)
        tickets.reply(ticket=ticket, text="x", actor=cast.actor(cast.alice), now=LATER)
        hear()

        assert "password" in OutgoingMail.objects.get().subject

    def test_watchers_without_an_account_get_no_link(self, cast: Cast, outbox: Path) -> None:
        ticket = raised(cast)
        tickets.watch(
            ticket=ticket, address="dad@example.net", actor=cast.actor(cast.alice), now=LATER
        )
        tickets.reply(ticket=ticket, text="Hi", actor=cast.actor(cast.alice), now=LATER)
        hear()

        sent = mails(outbox)["dad@example.net"]
        assert sent["List-Unsubscribe"] is None
        assert "you follow this request" in text_of(sent)
        assert "/notifications/preferences/" not in text_of(sent)


class TestTheActor:
    def test_gets_the_receipt_and_nothing_else(self, cast: Cast) -> None:
        ticket = raised(cast)
        of_raising = told(cast)
        OutgoingMail.objects.all().delete()
        tickets.reply(ticket=ticket, text="More", actor=cast.actor(cast.rachel), now=LATER)

        assert of_raising == {"rachel"}
        assert told(cast) == set()

    def test_of_several_acts_each_hears_of_the_others(self, cast: Cast, outbox: Path) -> None:
        ticket = raised(cast, team=cast.cards)
        tickets.take(ticket=ticket, actor=cast.actor(cast.alice), now=LATER)
        hear()
        OutgoingMail.objects.all().delete()

        tickets.reply(ticket=ticket, text="by alice", actor=cast.actor(cast.alice), now=LATER)
        tickets.reply(ticket=ticket, text="by rachel", actor=cast.actor(cast.rachel), now=LATER)
        hear()

        sent = mails(outbox)
        assert "by rachel" in text_of(sent["alice@example.com"])
        assert "by alice" not in text_of(sent["alice@example.com"])
        assert "by alice" in text_of(sent["rachel@example.com"])
        assert "by rachel" not in text_of(sent["rachel@example.com"])


class TestCoalescing:
    def test_is_per_person_and_per_ticket(self, cast: Cast) -> None:
        for _ in range(2):
            ticket = raised(cast)
            tickets.watch(ticket=ticket, user=cast.ross, actor=cast.actor(cast.alice), now=LATER)
            for text in ("one", "two"):
                tickets.reply(ticket=ticket, text=text, actor=cast.actor(cast.alice), now=LATER)
        hear()

        sent = sorted(OutgoingMail.objects.values_list("to", flat=True))
        assert sent == ["rachel@example.com"] * 2 + ["ross@example.com"] * 2

    def test_waits_a_minute_from_the_first_not_from_the_last(
        self, cast: Cast, settings: object
    ) -> None:
        settings.NOTIFY_AFTER_SECONDS = 60  # type: ignore[attr-defined]
        ticket = raised(cast)
        hear(now=NOON)
        first = Notification.objects.get()
        Notification.objects.update(due_at=first.due_at - timedelta(seconds=50))
        tickets.reply(ticket=ticket, text="Late", actor=cast.actor(cast.alice), now=LATER)

        hear(now=timezone.now() + timedelta(seconds=15))

        mail = OutgoingMail.objects.get()
        assert "Late" in mail.text
        assert "received your request" in mail.text


class TestFailing:
    def test_backs_off_further_each_time_up_to_a_bound(self) -> None:
        actions.queue_mail(key="a", to="x@example.com", subject="S", text="T", html="", now=NOON)
        waits, now = [], NOON

        for _ in range(MAX_ATTEMPTS):
            mail = actions.claim_mail(now=now)
            assert mail is not None
            assert actions.claim_mail(now=now) is None
            actions.mark_unsent(mail=mail, error="no", now=now)
            row = OutgoingMail.objects.get()
            waits.append(row.due_at - now)
            now = row.due_at

        assert waits[0] == timedelta(minutes=1)
        assert waits[:-1] == sorted(waits[:-1])
        assert max(waits) == MAX_BACKOFF
        assert OutgoingMail.objects.get().state == "failed"
        assert actions.claim_mail(now=now + timedelta(days=9)) is None

    def test_a_sender_who_looked_a_moment_earlier_gets_nothing(self) -> None:
        actions.queue_mail(key="a", to="x@example.com", subject="S", text="T", html="", now=NOON)
        quicker: list[OutgoingMail | None] = []

        def overtaken(execute: Any, sql: str, *rest: Any) -> Any:
            if sql.startswith("UPDATE") and not quicker:
                quicker.append(None)
                quicker[0] = actions.claim_mail(now=NOON)
            return execute(sql, *rest)

        with connection.execute_wrapper(overtaken):
            slower = actions.claim_mail(now=NOON)

        assert quicker[0] is not None
        assert slower is None
        assert OutgoingMail.objects.get().claims == 1

    def test_a_sender_that_died_leaves_the_mail_to_the_next(self) -> None:
        actions.queue_mail(key="a", to="x@example.com", subject="S", text="T", html="", now=NOON)
        dead = actions.claim_mail(now=NOON)
        assert dead is not None

        ends = OutgoingMail.objects.get().due_at
        early = actions.claim_mail(now=ends - timedelta(seconds=1))
        late = actions.claim_mail(now=ends)
        actions.mark_unsent(mail=dead, error="woke up too late", now=NOON)

        assert ends > NOON
        assert early is None
        assert late is not None
        assert OutgoingMail.objects.get().error == ""

    def test_what_was_given_up_goes_out_when_staff_say_so(self, cast: Cast, outbox: Path) -> None:
        actions.queue_mail(key="a", to="x@example.com", subject="S", text="T", html="", now=NOON)
        OutgoingMail.objects.update(state="failed", claims=MAX_ATTEMPTS, error="no")
        mail_ids = list(OutgoingMail.objects.values_list("pk", flat=True))

        assert actions.retry_mail(mail_ids=mail_ids, now=NOON) == 1
        assert actions.retry_mail(mail_ids=mail_ids, now=NOON) == 0
        tasks.send_due()

        row = OutgoingMail.objects.get()
        assert (row.state, row.error) == ("sent", "")
        assert len(list(outbox.iterdir())) == 1


def test_old_notes_and_old_failures_are_forgotten_and_what_waits_is_kept(cast: Cast) -> None:
    raised(cast)
    hear(now=NOON)
    for key, state in (("a", "failed"), ("b", "queued")):
        actions.queue_mail(key=key, to="x@example.com", subject="S", text="T", html="", now=NOON)
        OutgoingMail.objects.filter(key=key).update(state=state)

    actions.prune_mail(before=NOON + timedelta(days=1))
    actions.prune_notes(before=NOON + timedelta(days=1))
    waiting = Notification.objects.count(), OutgoingMail.objects.get().key
    hear()
    actions.prune_notes(before=timezone.now() + timedelta(days=1))

    assert waiting == (1, "b")
    assert not Notification.objects.exists()
