"""A reply that is sent can be taken back for some seconds, and leaves exactly once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from apps.desk import actions
from apps.desk.errors import NewAnswerError, TooLateError
from apps.desk.models import Draft
from apps.desk.tasks import send_due
from apps.kernel.actors import SYSTEM
from apps.kernel.errors import DomainError, ForbiddenError
from apps.kernel.storage import store
from apps.notifications.models import Notification
from apps.tickets import actions as tickets
from apps.tickets import files, keeping
from apps.tickets.errors import DoubleSubmissionError, TicketIsFinalError
from apps.tickets.models import Attachment, Message, Ticket
from apps.tickets.tasks import discard_orphans
from tests.cast import Cast, make_cast
from tests.desk.writing import DUE, delivered, kept, on_its_way, sent
from tests.support import transactional
from tests.tickets.desk import LATER, facts, last_fact, raised, status, stored
from tests.tickets.test_concurrency import at_once

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
class TestASentReply:
    def test_is_no_message_until_its_time(self, cast: Cast) -> None:
        ticket = raised(cast)

        sent(ticket, cast.alice)
        early = actions.send_one(draft_id=on_its_way().pk, now=LATER)

        assert early is None
        assert Message.objects.count() == 1
        assert "message.added" not in facts(ticket)

    def test_is_one_message_of_its_writers_when_its_time_has_come(self, cast: Cast) -> None:
        ticket = raised(cast)
        sent(ticket, cast.alice, "Hello *Rachel*", status=status("pending"), attachments=[stored()])

        assert actions.send_all_due(now=DUE) == 1
        assert actions.send_all_due(now=DUE) == 0

        message = Message.objects.get(direction="out")
        assert (message.author, message.channel, message.created_at) == (cast.alice, "agent", DUE)
        assert Attachment.objects.get().message == message
        assert Ticket.objects.get().status_category == "pending"
        assert not Draft.objects.exists()

    def test_can_be_taken_back_as_it_was(self, cast: Cast) -> None:
        ticket = raised(cast)
        sent(ticket, cast.alice, "Wrong", status=status("pending"), attachments=[stored()])

        actions.undo_send(draft_id=on_its_way().pk, actor=cast.actor(cast.alice), now=LATER)
        actions.send_all_due(now=DUE)

        draft = Draft.objects.resting().get()
        assert (draft.text, draft.notice) == ("Wrong", "undone")
        assert [file.name for file in draft.files.all()] == ["note.txt"]
        assert Message.objects.count() == 1

    def test_comes_back_before_what_was_begun_since(self, cast: Cast) -> None:
        ticket = raised(cast)
        sent(ticket, cast.alice, "First")
        kept(ticket, cast.alice, "Second")

        actions.undo_send(draft_id=on_its_way().pk, actor=cast.actor(cast.alice), now=LATER)

        assert Draft.objects.get().text == "First\n\nSecond"

    def test_is_nobody_elses_to_take_back(self, cast: Cast) -> None:
        sent(raised(cast), cast.alice)

        with pytest.raises(ForbiddenError):
            actions.undo_send(draft_id=on_its_way().pk, actor=cast.actor(cast.lena), now=LATER)

    def test_can_not_be_taken_back_once_it_has_gone(self, cast: Cast) -> None:
        sent(raised(cast), cast.alice)
        row = on_its_way()
        actions.send_all_due(now=DUE)

        with pytest.raises(TooLateError):
            actions.undo_send(draft_id=row.pk, actor=cast.actor(cast.alice), now=DUE)

    def test_of_the_same_form_is_one(self, cast: Cast) -> None:
        ticket, form = raised(cast), uuid.uuid4()

        sent(ticket, cast.alice, submission=form)
        sent(ticket, cast.alice, submission=form)
        actions.send_all_due(now=DUE)
        late = sent(ticket, cast.alice, submission=form)

        assert late.message == Message.objects.get(direction="out")
        assert not Draft.objects.exists()
        with pytest.raises(DoubleSubmissionError):
            sent(ticket, cast.lena, submission=form)

    def test_takes_its_draft_and_files_along_but_those_left_out(self, cast: Cast) -> None:
        ticket = raised(cast)
        sent(ticket, cast.alice, attachments=[stored("one.txt"), stored("two.txt")])
        alice = cast.actor(cast.alice)
        draft = actions.undo_send(draft_id=on_its_way().pk, actor=alice, now=LATER)
        one, _two = draft.files.order_by("pk")

        sent(ticket, cast.alice, without={one.pk})
        actions.send_all_due(now=DUE)

        assert [file.name for file in Attachment.objects.all()] == ["two.txt"]
        assert not Draft.objects.exists()

    def test_leaves_at_once_where_the_desk_wants_no_undo(self, cast: Cast, settings: Any) -> None:
        settings.UNDO_SEND_SECONDS = 0

        result = sent(raised(cast), cast.alice)

        assert result.message == Message.objects.get(direction="out")
        assert not Draft.objects.exists()

    def test_keeps_its_files_from_the_chore_that_tidies_up(self, cast: Cast) -> None:
        file = stored()
        sent(raised(cast), cast.alice, attachments=[file])

        assert keeping.is_kept(file.key)
        assert not keeping.is_kept("another")

    def test_keeps_its_files_while_it_becomes_a_message(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It leaves when the chore has asked for messages' files, and not for drafts' yet."""
        file, orphan = stored(), stored()
        sent(raised(cast), cast.alice, attachments=[file])
        asked = keeping.is_kept

        def leave_first(key: str) -> bool:
            actions.send_all_due(now=DUE)
            return asked(key)

        monkeypatch.setattr(keeping, "is_kept", leave_first)
        everything = files.stored_before(LATER + timedelta(days=99_999))
        monkeypatch.setattr(files, "stored_before", lambda _moment: everything)

        discard_orphans()

        assert Attachment.objects.get().key == file.key
        assert store().exists(file.key)
        assert not store().exists(orphan.key)


@pytest.mark.django_db
class TestAReplyIsHeldBack:
    def test_at_the_door_when_a_public_message_was_not_seen(self, cast: Cast) -> None:
        ticket = raised(cast)
        seen = Message.objects.get().pk
        tickets.reply(ticket=ticket, text="Wait!", actor=cast.actor(cast.rachel), now=LATER)

        with pytest.raises(NewAnswerError, match="text is kept"):
            sent(ticket, cast.alice, seen=seen)

    def test_by_no_note_and_no_property(self, cast: Cast) -> None:
        ticket = raised(cast)
        seen = Message.objects.get().pk
        lena = cast.actor(cast.lena)
        tickets.note(ticket=ticket, text="psst", actor=lena, now=LATER)
        tickets.tag(ticket=ticket, add=["x"], actor=lena, now=LATER)

        sent(ticket, cast.alice, seen=seen)
        tickets.prioritise(ticket=ticket, impact=1, urgency=1, actor=lena, now=LATER)
        actions.send_all_due(now=DUE)

        assert Message.objects.public().filter(direction="out").exists()

    @pytest.mark.parametrize("who", ["rachel", "lena"])
    def test_when_somebody_wrote_before_it_left(self, cast: Cast, who: str) -> None:
        ticket = raised(cast)
        sent(ticket, cast.alice, "Kept", attachments=[stored()])
        tickets.reply(ticket=ticket, text="Wait!", actor=cast.actor(getattr(cast, who)), now=LATER)

        actions.send_all_due(now=DUE)

        draft = Draft.objects.resting().get()
        assert (draft.text, draft.notice, draft.files.count()) == ("Kept", "answered", 1)
        assert last_fact(ticket)["name"] == "reply.held"

    @pytest.mark.parametrize(
        ("happens", "why"), [("closed", "final"), ("merged", "merged"), ("status", "refused")]
    )
    def test_when_the_ticket_no_longer_takes_it(self, cast: Cast, happens: str, why: str) -> None:
        ticket, survivor = raised(cast), raised(cast)
        sent(ticket, cast.alice, "Kept", status=status("pending"))
        if happens == "merged":
            tickets.merge(ticket=ticket, survivor=survivor, actor=SYSTEM, now=LATER)
        for step in {"closed": ["resolved", "closed"], "status": ["resolved"]}.get(happens, []):
            tickets.change_status(ticket=ticket, status=status(step), actor=SYSTEM, now=LATER)

        actions.send_all_due(now=DUE)

        draft = Draft.objects.resting().get()
        assert (draft.text, draft.notice) == ("Kept", why)

    def test_when_its_writer_may_no_longer_work(self, cast: Cast) -> None:
        sent(raised(cast), cast.alice, "Kept")
        cast.alice.is_active = False
        cast.alice.save()

        actions.send_all_due(now=DUE)

        assert Draft.objects.resting().get().notice == "refused"

    def test_and_its_writer_is_told(self, cast: Cast) -> None:
        ticket = raised(cast)
        sent(ticket, cast.alice)
        tickets.reply(ticket=ticket, text="Wait!", actor=cast.actor(cast.rachel), now=LATER)
        actions.send_all_due(now=DUE)

        delivered()

        note = Notification.objects.get(kind="held")
        assert (note.recipient, note.ticket) == (cast.alice, ticket)

    def test_on_a_closed_ticket_at_the_door(self, cast: Cast) -> None:
        ticket = raised(cast)
        for step in ("resolved", "closed"):
            tickets.change_status(ticket=ticket, status=status(step), actor=SYSTEM, now=LATER)

        with pytest.raises(TicketIsFinalError):
            sent(ticket, cast.alice)


@transactional
def test_many_senders_at_once_send_it_once() -> None:
    cast = make_cast()
    ticket = raised(cast)
    sent(ticket, cast.alice)
    row = on_its_way()

    results = at_once(*[lambda: actions.send_one(draft_id=row.pk, now=DUE)] * 4)

    assert [type(result) for result in results if result is not None] == [Message]
    assert facts(ticket).count("message.added") == 1
    assert not Draft.objects.exists()


@transactional
def test_undo_and_the_sender_at_once_never_both_win() -> None:
    cast = make_cast()
    ticket = raised(cast)
    sent(ticket, cast.alice)
    row, alice = on_its_way(), cast.actor(cast.alice)

    undone, gone = at_once(
        lambda: actions.undo_send(draft_id=row.pk, actor=alice, now=DUE),
        lambda: actions.send_one(draft_id=row.pk, now=DUE),
    )

    assert isinstance(undone, DomainError) != (gone is None)
    assert Draft.objects.count() + Message.objects.filter(direction="out").count() == 1


_KILLED = """
import os, signal, sys
import django; django.setup()
from django.utils import timezone
from datetime import timedelta
from apps.desk import actions
from apps.desk.actions import sending
real = sending.tickets.reply
def killed(**said):
    real(**said)
    os.kill(os.getpid(), signal.SIGKILL)
sending.tickets.reply = killed
actions.send_all_due(now=timezone.now() + timedelta(days=3650))
"""


@transactional
def test_a_killed_sender_sends_nothing_and_the_next_one_does() -> None:
    cast = make_cast()
    ticket = raised(cast)
    sent(ticket, cast.alice)
    name = connection.settings_dict["NAME"]
    url = os.environ.get("DATABASE_URL", "sqlite:///x").rpartition("/")[0] + f"/{name}"
    env = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "project.settings"}
    if connection.vendor == "sqlite":
        env["DATABASE_URL"] = f"sqlite:///{name}"

    done = subprocess.run(
        [sys.executable, "-c", _KILLED], cwd=ROOT, env=env, capture_output=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    after_the_kill = Message.objects.filter(direction="out").count()
    send_due()

    assert after_the_kill == 0
    assert Message.objects.get(direction="out").source == "An answer."
    assert facts(ticket).count("message.added") == 1
