"""An @mention tells a colleague, and only one who sees the ticket."""

from __future__ import annotations

import uuid

import pytest

from apps.desk import mentions
from apps.desk.errors import MentionRefusedError
from apps.desk.models import Mention
from apps.notifications import actions as notifications
from apps.notifications.kinds import Kind
from apps.notifications.models import Notification, OutgoingMail
from apps.notifications.tasks import compose_due
from apps.tickets.models import Message
from tests.cast import Cast
from tests.desk.writing import delivered, noted
from tests.tickets.desk import last_fact, raised

STAFF = {1: "Alice Adams", 2: "Bob Brown", 3: "Bob Black", 4: "مريم علي", 5: "Bob Brown"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@alice.adams look", [1]),
        ("@Alice, look.", [1]),
        ("(@alice.adams) and @alice again", [1]),
        ("@bob", []),  # which one?
        ("@bob.black", [3]),
        ("@bob.brown-2 and @bob.brown-5", [2, 5]),
        ("@مريم.علي", [4]),
        ("mail alice@alice.adams.example", []),
        ("https://x.example/@alice", []),
        ("@nobody @", []),
    ],
)
def test_a_text_means_these(text: str, expected: list[int]) -> None:
    assert mentions.meant(text, STAFF) == expected


def test_everybody_has_a_spelling_that_means_them() -> None:
    spelt = mentions.spelling(STAFF)

    assert all(mentions.meant(f"@{spelt[pk]}", STAFF) == [pk] for pk in STAFF)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>@alice.adams!</p>", '<p><span class="mention">@Alice Adams</span>!</p>'),
        ('<a href="https://x/ @alice">y</a>', '<a href="https://x/ @alice">y</a>'),
        ('<a title="a>b @alice">y</a>', '<a title="a>b @alice">y</a>'),
        ("<p>@nobody</p>", "<p>@nobody</p>"),
    ],
)
def test_a_chip_stands_in_text_and_never_in_a_tag(html: str, expected: str) -> None:
    assert mentions.shown(html, STAFF, mentions.handles(STAFF)) == expected


@pytest.mark.django_db
class TestAMention:
    def test_is_stored_and_told_and_never_to_its_writer(self, cast: Cast) -> None:
        ticket = raised(cast)

        message = noted(ticket, cast.alice, "@bob @lena @alice please look")
        delivered()

        told = Notification.objects.filter(kind=Kind.MENTIONED)
        assert {note.recipient for note in told} == {cast.bob, cast.lena}
        assert {row.user for row in Mention.objects.filter(message=message)} == {
            cast.bob, cast.lena,
        }  # fmt: skip
        assert last_fact(ticket)["name"] == "message.mentioned"

    def test_is_mailed_once_with_its_note(self, cast: Cast) -> None:
        noted(raised(cast), cast.alice, "@bob have a look at this")
        delivered()
        Notification.objects.update(due_at="2020-01-01T00:00Z")

        compose_due()

        mail = OutgoingMail.objects.get(to=cast.bob.email)
        assert mail.text.count("have a look at this") == 1
        assert "mentioned you" in mail.text

    def test_is_not_mailed_to_whoever_does_not_want_it(self, cast: Cast) -> None:
        noted(raised(cast), cast.alice, "@bob look")
        delivered()
        bob = cast.actor(cast.bob)
        notifications.prefer(user=cast.bob, choices={Kind.MENTIONED: False}, actor=bob)
        Notification.objects.update(due_at="2020-01-01T00:00Z")

        compose_due()

        assert not OutgoingMail.objects.filter(to=cast.bob.email).exists()

    def test_of_somebody_who_can_not_see_the_ticket_is_refused(self, cast: Cast) -> None:
        ticket = raised(cast, team=cast.fraud)

        with pytest.raises(MentionRefusedError, match="Bob can't see this ticket"):
            noted(ticket, cast.fay, "@bob look")

        assert Message.objects.count() == 1
        assert noted(ticket, cast.fay, "@ada look").pk

    def test_in_a_form_sent_twice_is_one(self, cast: Cast) -> None:
        ticket, form = raised(cast), uuid.uuid4()

        noted(ticket, cast.alice, "@bob look", submission=form)
        noted(ticket, cast.alice, "@bob look", submission=form)

        assert Mention.objects.count() == 1

    def test_is_listed_for_its_person_while_they_see_the_ticket(self, cast: Cast) -> None:
        open_one, hidden = raised(cast), raised(cast)
        noted(open_one, cast.alice, "@bob one")
        noted(hidden, cast.alice, "@bob two")
        hidden.team = cast.fraud
        hidden.save()

        found = mentions.of(cast.actor(cast.bob), limit=10)

        assert [mention.message.ticket for mention in found] == [open_one]
