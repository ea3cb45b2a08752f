"""A draft survives, and two windows never overwrite each other unasked."""

from __future__ import annotations

import pytest

from apps.accounts import actions as people
from apps.desk import actions
from apps.desk.errors import DraftChangedError
from apps.desk.models import Draft, SavedReply
from apps.desk.privacy import export_writing
from apps.kernel.errors import ForbiddenError
from apps.tickets import actions as tickets
from apps.tickets.errors import TextTooLongError
from tests.cast import Cast, make_cast
from tests.desk.writing import kept, noted, sent
from tests.support import transactional
from tests.tickets.desk import LATER, raised
from tests.tickets.test_concurrency import at_once

pytestmark = pytest.mark.django_db


class TestADraft:
    def test_is_kept_per_ticket_person_and_kind(self, cast: Cast) -> None:
        ticket, other = raised(cast), raised(cast)

        kept(ticket, cast.alice, "A reply")
        kept(ticket, cast.alice, "A note", kind="note")
        kept(ticket, cast.lena, "Lena's")
        kept(other, cast.alice, "Another")

        assert sorted(Draft.objects.values_list("text", flat=True)) == [
            "A note", "A reply", "Another", "Lena's",
        ]  # fmt: skip

    def test_goes_on_from_version_to_version(self, cast: Cast) -> None:
        ticket = raised(cast)

        first = kept(ticket, cast.alice, "A")
        second = kept(ticket, cast.alice, "AB", first)

        assert (first, second) == (1, 2)
        assert Draft.objects.get().text == "AB"

    def test_of_another_window_is_not_overwritten(self, cast: Cast) -> None:
        ticket = raised(cast)
        version = kept(ticket, cast.alice, "A")
        kept(ticket, cast.alice, "From this window", version)

        with pytest.raises(DraftChangedError) as refused:
            kept(ticket, cast.alice, "From the other", version)

        assert refused.value.data == {"text": "From this window", "version": 2}
        assert Draft.objects.get().text == "From this window"

    def test_that_says_the_same_is_no_conflict(self, cast: Cast) -> None:
        ticket = raised(cast)
        kept(ticket, cast.alice, "A")

        assert kept(ticket, cast.alice, "A", 0) == 1

    def test_that_is_emptied_is_gone(self, cast: Cast) -> None:
        ticket = raised(cast)
        version = kept(ticket, cast.alice, "A")

        assert kept(ticket, cast.alice, "  ", version) == 0
        assert kept(ticket, cast.alice, "", 0) == 0
        assert not Draft.objects.exists()

    def test_is_gone_when_it_is_sent(self, cast: Cast) -> None:
        ticket = raised(cast)
        kept(ticket, cast.alice, "A")
        kept(ticket, cast.alice, "N", kind="note")

        sent(ticket, cast.alice)
        noted(ticket, cast.alice, "N")

        assert not Draft.objects.resting().exists()

    def test_has_a_limit_and_needs_the_right_to_work(self, cast: Cast) -> None:
        ticket = raised(cast, team=cast.fraud)

        with pytest.raises(ForbiddenError):
            kept(ticket, cast.alice, "A")
        with pytest.raises(ForbiddenError):
            kept(raised(cast), cast.rachel, "A")
        with pytest.raises(TextTooLongError):
            kept(ticket, cast.fay, "x" * 50_001)

    def test_changes_nothing_on_the_ticket(self, cast: Cast) -> None:
        ticket = raised(cast)
        before = ticket.version

        kept(ticket, cast.alice, "A")

        ticket.refresh_from_db()
        assert ticket.version == before


@transactional
def test_two_windows_that_begin_at_once_make_one_draft() -> None:
    cast = make_cast()
    ticket = raised(cast)

    results = at_once(
        lambda: kept(ticket, cast.alice, "one"), lambda: kept(ticket, cast.alice, "two")
    )

    assert sorted(type(result).__name__ for result in results) == ["DraftChangedError", "int"]
    assert Draft.objects.count() == 1


def test_whoever_is_forgotten_leaves_no_draft_reply_or_mention(cast: Cast) -> None:
    ticket = raised(cast)
    kept(ticket, cast.bob, "Bob's words")
    noted(ticket, cast.alice, "Look, @bob")
    actions.save_reply(
        reply=None, title="Mine", body="x", scope="personal", actor=cast.actor(cast.bob), now=LATER
    )
    told = export_writing(cast.bob)

    people.anonymise_person(user=cast.bob, actor=cast.actor(cast.ada), now=LATER)

    assert told == {
        "drafts": [{"ticket_id": ticket.pk, "kind": "reply", "text": "Bob's words"}],
        "saved replies": [{"title": "Mine", "body": "x"}],
        "mentioned in messages": [ticket.messages.order_by("-pk")[0].pk],
    }
    assert not Draft.objects.exists()
    assert not SavedReply.objects.exists()
    assert export_writing(cast.bob) == {
        "drafts": [], "saved replies": [], "mentioned in messages": [],
    }  # fmt: skip


def test_a_note_goes_through_whatever_was_said_meanwhile(cast: Cast) -> None:
    ticket = raised(cast)
    tickets.reply(ticket=ticket, text="news", actor=cast.actor(cast.rachel), now=LATER)

    message = noted(ticket, cast.alice, "N", seen=0)

    assert message.visibility == "internal"
