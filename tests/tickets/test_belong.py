"""Merge, unmerge, split, link and redact."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage

from apps.events import relay
from apps.kernel.errors import ForbiddenError
from apps.tickets import actions
from apps.tickets.conversation import conversation
from apps.tickets.errors import (
    LinkRefusedError,
    MergeRefusedError,
    SplitRefusedError,
    StaleTicketError,
    TransitionRefusedError,
)
from apps.tickets.models import Attachment, Link, Message, Participant, Ticket
from tests.cast import Cast
from tests.tickets.desk import LATER, facts, last_fact, raised, standing, stored

pytestmark = pytest.mark.django_db


class TestMerging:
    def test_is_a_pointer_that_can_be_undone(self, cast: Cast) -> None:
        ticket, survivor = standing(cast, "pending"), raised(cast, subject="Again")
        alice = cast.actor(cast.alice)

        actions.merge(ticket=ticket, survivor=survivor, actor=alice, now=LATER)
        read = conversation(survivor, cast.actor(cast.rachel))
        actions.unmerge(ticket=Ticket.objects.get(pk=ticket.pk), actor=alice, now=LATER)

        assert len(read) == 2
        back = Ticket.objects.get(pk=ticket.pk)
        assert (back.status_category, back.merged_into) == ("pending", None)
        assert Message.objects.filter(ticket=ticket).count() == 1
        assert facts(ticket)[-2:] == ["ticket.merged", "ticket.unmerged"]

    def test_brings_its_watchers_and_takes_them_along_again(self, cast: Cast) -> None:
        ticket, survivor = raised(cast), raised(cast)
        alice = cast.actor(cast.alice)
        actions.watch(ticket=ticket, address="dad@example.net", actor=alice, now=LATER)

        actions.merge(ticket=ticket, survivor=survivor, actor=alice, now=LATER)
        assert Participant.objects.get(ticket=survivor).source == "merge"
        actions.unmerge(ticket=Ticket.objects.get(pk=ticket.pk), actor=alice, now=LATER)

        assert not Participant.objects.filter(ticket=survivor).exists()

    def test_keeps_customers_apart(self, cast: Cast) -> None:
        with pytest.raises(MergeRefusedError, match="different customers"):
            actions.merge(
                ticket=raised(cast),
                survivor=raised(cast, cast.oscar),
                actor=cast.actor(cast.alice),
                now=LATER,
            )

    def test_refuses_itself_and_the_finished(self, cast: Cast) -> None:
        ticket, alice = raised(cast), cast.actor(cast.alice)

        with pytest.raises(MergeRefusedError, match="itself"):
            actions.merge(ticket=ticket, survivor=ticket, actor=alice, now=LATER)
        with pytest.raises(MergeRefusedError, match="still alive"):
            actions.merge(ticket=ticket, survivor=standing(cast, "closed"), actor=alice, now=LATER)
        with pytest.raises(TransitionRefusedError):
            actions.merge(ticket=standing(cast, "closed"), survivor=ticket, actor=alice, now=LATER)
        with pytest.raises(ForbiddenError):
            actions.merge(
                ticket=ticket, survivor=raised(cast), actor=cast.actor(cast.rachel), now=LATER
            )

    def test_undone_takes_along_whom_it_brought_however_far_they_came(self, cast: Cast) -> None:
        first, middle, last = raised(cast), raised(cast), raised(cast)
        alice = cast.actor(cast.alice)
        actions.watch(ticket=first, user=cast.oscar, actor=alice, now=LATER)
        actions.watch(ticket=middle, user=cast.paula, actor=alice, now=LATER)
        actions.merge(ticket=first, survivor=middle, actor=alice, now=LATER)
        actions.merge(ticket=middle, survivor=last, actor=alice, now=LATER)
        brought = set(Participant.objects.filter(ticket=last).values_list("user", flat=True))

        actions.unmerge(ticket=Ticket.objects.get(pk=first.pk), actor=alice, now=LATER)

        assert brought == {cast.oscar.pk, cast.paula.pk}
        assert Participant.objects.get(ticket=last).user == cast.paula

    def test_is_refused_for_what_somebody_changed_meanwhile(self, cast: Cast) -> None:
        ticket, other, alice = raised(cast), raised(cast), cast.actor(cast.alice)
        seen = ticket.version
        actions.take(ticket=ticket, actor=alice, now=LATER)

        with pytest.raises(StaleTicketError):
            actions.merge(
                ticket=ticket, survivor=other, expected_version=seen, actor=alice, now=LATER
            )


class TestSplitting:
    def test_moves_messages_with_their_files(self, cast: Cast) -> None:
        ticket, alice = raised(cast), cast.actor(cast.alice)
        second = actions.reply(
            ticket=ticket,
            text="And my PIN",
            attachments=[stored()],
            actor=cast.actor(cast.rachel),
            now=LATER,
        )

        new = actions.split(ticket=ticket, messages=[second], subject="PIN", actor=alice, now=LATER)

        assert (new.requester, new.subject, new.status_category) == (cast.rachel, "PIN", "new")
        assert Message.objects.get(pk=second.pk).ticket == new
        assert Attachment.objects.get().message.ticket == new
        assert Link.objects.get(source=new, target=ticket).kind == "relates"
        assert last_fact(ticket) == {
            "name": "ticket.split",
            "into_id": new.pk,
            "message_ids": [second.pk],
        }

    def test_keeps_the_first_message(self, cast: Cast) -> None:
        ticket = raised(cast)

        for chosen in ([], [Message.objects.get()]):
            with pytest.raises(SplitRefusedError):
                actions.split(
                    ticket=ticket,
                    messages=chosen,
                    subject="S",
                    actor=cast.actor(cast.alice),
                    now=LATER,
                )


class TestLinking:
    def test_is_said_once_and_taken_back(self, cast: Cast) -> None:
        one, other, alice = raised(cast), raised(cast), cast.actor(cast.alice)

        for _ in range(2):
            actions.link(ticket=one, target=other, kind="blocks", actor=alice, now=LATER)
        assert Link.objects.count() == 1
        for _ in range(2):
            actions.unlink(ticket=one, target=other, kind="blocks", actor=alice, now=LATER)

        assert not Link.objects.exists()
        assert facts(one).count("ticket.linked") == 2

    def test_never_to_itself_nor_to_what_is_hidden(self, cast: Cast) -> None:
        one, alice = raised(cast), cast.actor(cast.alice)
        hidden = raised(cast, team=cast.fraud)

        with pytest.raises(LinkRefusedError):
            actions.link(ticket=one, target=one, kind="blocks", actor=alice, now=LATER)
        with pytest.raises(ForbiddenError):
            actions.link(ticket=one, target=hidden, kind="blocks", actor=alice, now=LATER)

    def test_a_parent_is_never_below_its_child(self, cast: Cast) -> None:
        top, middle, bottom = raised(cast), raised(cast), raised(cast)
        alice = cast.actor(cast.alice)
        actions.set_parent(ticket=middle, parent=top, actor=alice, now=LATER)
        actions.set_parent(ticket=bottom, parent=middle, actor=alice, now=LATER)

        with pytest.raises(LinkRefusedError):
            actions.set_parent(
                ticket=top, parent=Ticket.objects.get(pk=bottom.pk), actor=alice, now=LATER
            )

    def test_no_circle_of_parents_from_pages_that_are_out_of_date(self, cast: Cast) -> None:
        one, other, third = raised(cast), raised(cast), raised(cast)
        alice = cast.actor(cast.alice)
        actions.set_parent(ticket=one, parent=other, actor=alice, now=LATER)

        with pytest.raises(LinkRefusedError):
            actions.set_parent(ticket=other, parent=one, actor=alice, now=LATER)
        Ticket.objects.filter(pk=other.pk).update(parent=one)  # a circle made by hand
        actions.set_parent(ticket=third, parent=one, actor=alice, now=LATER)

        assert Ticket.objects.get(pk=third.pk).parent == one


class TestRedacting:
    def test_blacks_out_the_words_for_good(self, cast: Cast) -> None:
        ticket = raised(cast, text="My PIN is 1234, I said 1234.")

        message = actions.redact_message(
            message=Message.objects.get(), phrase="1234", actor=cast.actor(cast.lena), now=LATER
        )

        assert message.source == "My PIN is ████, I said ████."
        assert "1234" not in message.html
        assert "1234" not in str(last_fact(ticket))

    def test_takes_the_whole_text(self, cast: Cast) -> None:
        raised(cast, text="secret")

        actions.redact_message(
            message=Message.objects.get(), actor=cast.actor(cast.lena), now=LATER
        )

        assert (Message.objects.get().source, Message.objects.get().html) == ("", "")

    def test_a_files_bytes_go(self, cast: Cast) -> None:
        raised(cast, attachments=[stored("secret.txt")])
        attachment = Attachment.objects.get()
        assert default_storage.exists(attachment.key)

        actions.redact_attachment(attachment=attachment, actor=cast.actor(cast.lena), now=LATER)
        for _ in range(5):
            for claim in relay.claim_due(now=LATER):
                relay.deliver(claim)

        assert Attachment.objects.get().name == "redacted"
        assert not default_storage.exists(attachment.key)

    def test_is_for_leads(self, cast: Cast) -> None:
        raised(cast)

        with pytest.raises(ForbiddenError):
            actions.redact_message(
                message=Message.objects.get(), actor=cast.actor(cast.alice), now=LATER
            )
