"""Replies and work notes."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from apps.events import journal
from apps.kernel.actors import SYSTEM
from apps.kernel.errors import DomainError, ForbiddenError
from apps.tickets import actions
from apps.tickets.errors import DoubleSubmissionError, StaleTicketError, TicketIsFinalError
from apps.tickets.mail_ids import root_message_id
from apps.tickets.models import Link, Message, Ticket
from apps.tickets.statuses import ACTIVE
from tests.cast import Cast
from tests.support import NOON
from tests.tickets.desk import LATER, facts, raised, standing, status

pytestmark = pytest.mark.django_db


def test_an_agents_reply_opens_a_new_ticket(cast: Cast) -> None:
    ticket = raised(cast)

    message = actions.reply(ticket=ticket, text="Hello", actor=cast.actor(cast.alice), now=LATER)

    fresh = Ticket.objects.get()
    assert (message.direction, message.visibility) == ("out", "public")
    assert (fresh.status_category, fresh.updated_at) == ("open", LATER)
    assert facts(ticket) == ["ticket.raised", "message.added", "ticket.status_changed"]


def test_an_agents_reply_sets_the_status_that_they_choose(cast: Cast) -> None:
    ticket = raised(cast)

    actions.reply(
        ticket=ticket,
        text="Which card?",
        status=status("pending"),
        actor=cast.actor(cast.alice),
        now=LATER,
    )

    assert Ticket.objects.get().status_category == "pending"


def test_a_fact_says_which_reply_is_the_desks_first(cast: Cast) -> None:
    ticket = raised(cast)
    rachel, alice = cast.actor(cast.rachel), cast.actor(cast.alice)
    actions.note(ticket=ticket, text="Looks odd", actor=alice, now=LATER)
    actions.reply(ticket=ticket, text="Anybody?", actor=rachel, now=LATER)
    actions.reply(ticket=ticket, text="Received", actor=SYSTEM, now=LATER)
    for text in ("Hello", "And this"):
        actions.reply(ticket=ticket, text=text, actor=alice, now=LATER)

    told = journal.history(f"ticket:{ticket.pk}", limit=20, names=["message.added"])

    firsts = [event.data["is_first_reply"] for event in reversed(told)]
    assert firsts == [False, False, False, True, False]


@pytest.mark.parametrize("category", ["pending", "on_hold", "scheduled", "resolved"])
def test_a_customers_reply_brings_it_back(cast: Cast, category: str) -> None:
    ticket = standing(cast, category)

    message = actions.reply(ticket=ticket, text="Still", actor=cast.actor(cast.rachel), now=LATER)

    fresh = Ticket.objects.get()
    assert message.ticket_id == ticket.pk
    assert fresh.status_category == "open"
    assert fresh.resolved_at is None
    assert ("ticket.reopened" in facts(ticket)) == (category == "resolved")


@pytest.mark.parametrize("category", ["closed", "cancelled"])
def test_a_late_reply_opens_a_follow_up(cast: Cast, category: str) -> None:
    ticket = standing(cast, category)

    message = actions.reply(ticket=ticket, text="Again!", actor=cast.actor(cast.rachel), now=LATER)

    link = Link.objects.get()
    assert message.ticket_id != ticket.pk
    assert (link.source_id, link.target_id, link.kind) == (message.ticket_id, ticket.pk, "follows")
    assert Ticket.objects.get(pk=ticket.pk).status_category == category
    assert message.ticket.subject == ticket.subject


def test_a_customer_sets_no_status(cast: Cast) -> None:
    ticket = raised(cast)

    with pytest.raises(ForbiddenError):
        actions.reply(
            ticket=ticket,
            text="x",
            status=status("open"),
            actor=cast.actor(cast.rachel),
            now=LATER,
        )


@pytest.mark.parametrize("category", ["closed", "spam", "cancelled"])
def test_an_agent_writes_nothing_public_on_a_finished_one(cast: Cast, category: str) -> None:
    ticket = standing(cast, category)

    with pytest.raises(TicketIsFinalError):
        actions.reply(ticket=ticket, text="x", actor=cast.actor(cast.alice), now=LATER)


def test_of_two_agents_at_once_the_second_is_told(cast: Cast) -> None:
    ticket = raised(cast)
    seen = ticket.version
    actions.note(
        ticket=ticket, text="one", expected_version=seen, actor=cast.actor(cast.alice), now=LATER
    )

    with pytest.raises(StaleTicketError, match="Your text is kept"):
        actions.reply(
            ticket=ticket, text="two", expected_version=seen, actor=cast.actor(cast.lena), now=LATER
        )

    assert Message.objects.count() == 2


def test_the_same_form_again_is_one_message(cast: Cast) -> None:
    ticket, form = raised(cast), uuid.uuid4()
    alice = cast.actor(cast.alice)

    first = actions.reply(ticket=ticket, text="x", submission=form, actor=alice, now=LATER)
    second = actions.reply(ticket=ticket, text="x", submission=form, actor=alice, now=LATER)
    noted = [
        actions.note(ticket=ticket, text="n", submission=form_two, actor=alice, now=LATER).pk
        for form_two in [uuid.UUID(int=5)] * 2
    ]

    assert first.pk == second.pk
    assert noted[0] == noted[1]
    assert facts(ticket).count("message.added") == 2


def test_other_words_in_a_form_that_was_sent_are_never_taken_for_sent(cast: Cast) -> None:
    ticket, form = raised(cast), uuid.uuid4()
    alice = cast.actor(cast.alice)
    actions.reply(ticket=ticket, text="x", submission=form, actor=alice, now=LATER)

    for write, text in ((actions.reply, "y"), (actions.note, "x")):
        with pytest.raises(DoubleSubmissionError):
            write(ticket=ticket, text=text, submission=form, actor=alice, now=LATER)


def test_a_message_names_what_it_answers(cast: Cast) -> None:
    ticket, alice = raised(cast), cast.actor(cast.alice)
    first = Message.objects.get()
    note = actions.note(ticket=ticket, text="n", actor=alice, now=LATER)

    answer = actions.reply(ticket=ticket, text="a", actor=alice, now=LATER)

    root = root_message_id(ticket.ref)
    assert (first.in_reply_to, first.references) == (root, root)
    assert (answer.in_reply_to, answer.references) == (
        first.message_id,
        f"{root} {first.message_id}",
    )
    assert (note.in_reply_to, note.references) == ("", "")


def test_a_late_reply_belongs_to_where_its_writer_belongs(cast: Cast) -> None:
    ticket = raised(cast)
    actions.watch(ticket=ticket, user=cast.oscar, actor=cast.actor(cast.alice), now=LATER)
    actions.solve(ticket=ticket, actor=SYSTEM, now=LATER)
    actions.close(ticket=ticket, actor=SYSTEM, now=LATER, unchanged_since=LATER)

    message = actions.reply(ticket=ticket, text="And?", actor=cast.actor(cast.oscar), now=LATER)

    assert (message.ticket.requester, message.ticket.organisation) == (cast.oscar, cast.other)


def test_a_note_changes_no_status_and_customers_write_none(cast: Cast) -> None:
    ticket = standing(cast, "closed")

    note = actions.note(ticket=ticket, text="For us", actor=cast.actor(cast.alice), now=LATER)

    assert note.visibility == "internal"
    assert Ticket.objects.get().status_category == "closed"
    with pytest.raises(ForbiddenError):
        actions.note(ticket=ticket, text="x", actor=cast.actor(cast.rachel), now=LATER)


def test_strangers_and_read_only_watchers_write_nothing(cast: Cast) -> None:
    ticket = raised(cast)
    actions.watch(
        ticket=ticket, user=cast.paula, can_reply=False, actor=cast.actor(cast.alice), now=NOON
    )

    for stranger in (cast.oscar, cast.ross, cast.paula):
        with pytest.raises(ForbiddenError):
            actions.reply(ticket=ticket, text="x", actor=cast.actor(stranger), now=LATER)


def test_a_merged_ones_reply_lands_on_the_survivor(cast: Cast) -> None:
    merged = standing(cast, "merged")

    message = actions.reply(ticket=merged, text="x", actor=cast.actor(cast.rachel), now=LATER)

    assert message.ticket_id == merged.merged_into_id
    assert message.ticket.status_category in ACTIVE


def test_an_empty_reply_is_refused(cast: Cast) -> None:
    ticket = raised(cast)

    with pytest.raises(DomainError, match="Write something"):
        actions.reply(ticket=ticket, text=" \n ", actor=cast.actor(cast.alice), now=LATER)

    assert Ticket.objects.get().updated_at == NOON
    assert timedelta(hours=1) == LATER - NOON
