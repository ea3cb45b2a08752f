from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest

from apps.events.models import Event
from apps.kernel.actors import ANONYMOUS
from apps.kernel.errors import DomainError, ForbiddenError
from apps.tickets import actions, reference
from apps.tickets.errors import CategoryRefusedError, DoubleSubmissionError
from apps.tickets.models import Attachment, CategoryField, Message, Ticket
from tests.cast import Cast
from tests.support import NOON
from tests.tickets.desk import LATER, facts, raised, stored

pytestmark = pytest.mark.django_db


def test_takes_from_its_category_what_was_not_said(cast: Cast) -> None:
    cast.lost_card.impact, cast.lost_card.urgency = 2, 1
    cast.lost_card.save()

    ticket = raised(cast, category=cast.lost_card)

    assert (ticket.team, ticket.impact, ticket.urgency, ticket.priority) == (cast.cards, 2, 1, 2)
    assert ticket.organisation == cast.acme
    assert (ticket.status_category, ticket.version) == ("new", 1)
    assert facts(ticket) == ["ticket.raised"]


def test_keeps_the_text_safe_and_the_source_as_it_was(cast: Cast) -> None:
    raised(cast, text="**bold** <script>alert(1)</script>")

    message = Message.objects.get()
    assert message.source == "**bold** <script>alert(1)</script>"
    assert "<strong>bold</strong>" in message.html
    assert "<script" not in message.html
    assert (message.visibility, message.direction, message.author) == ("public", "in", cast.rachel)


@pytest.mark.parametrize(
    "said",
    [
        {"subject": ""},
        {"subject": " \n\t "},
        {"subject": "x" * 201},
        {"text": ""},
        {"text": "\0 \0"},
        {"text": "x" * 50_001},
        {"tags": ["x" * 41]},
        {"custom": {"unknown": "1"}},
    ],
)
def test_bad_input_is_refused_and_leaves_nothing(cast: Cast, said: dict[str, Any]) -> None:
    with pytest.raises(DomainError):
        raised(cast, **said)

    assert not Ticket.objects.exists()
    assert not Message.objects.exists()
    assert not Event.objects.filter(name__startswith="ticket.").exists()


@pytest.mark.parametrize("subject", ["zalgo h̷e̴", "👩‍👩‍👧‍👦", "שלום", "a\nb\rc\0d", "'; DROP TABLE"])
def test_odd_text_is_only_text(cast: Cast, subject: str) -> None:
    ticket = raised(cast, subject=subject, text=subject)

    assert "\n" not in ticket.subject
    assert Ticket.objects.get(pk=ticket.pk).subject == ticket.subject


def test_the_same_form_again_is_the_same_ticket(cast: Cast) -> None:
    form = uuid.uuid4()

    first, second = raised(cast, submission=form), raised(cast, submission=form)

    assert first.pk == second.pk
    assert Message.objects.count() == 1
    assert facts(first) == ["ticket.raised"]


def test_other_words_in_a_form_that_was_sent_are_never_taken_for_sent(cast: Cast) -> None:
    form = uuid.uuid4()
    raised(cast, submission=form)

    with pytest.raises(DoubleSubmissionError, match="kept"):
        raised(cast, submission=form, text="Something else happened too.")

    assert Message.objects.count() == 1


def test_another_persons_form_is_refused(cast: Cast) -> None:
    form = uuid.uuid4()
    raised(cast, submission=form)

    with pytest.raises(DoubleSubmissionError):
        raised(cast, cast.oscar, submission=form)


def test_files_come_with_their_digest_and_fact(cast: Cast) -> None:
    ticket = raised(cast, attachments=[stored()])

    attachment = Attachment.objects.get()
    assert (attachment.name, attachment.size, attachment.content_type) == (
        "note.txt",
        11,
        "text/plain",
    )
    assert facts(ticket) == ["attachment.uploaded", "ticket.raised"]


def test_a_customer_raises_for_nobody_else(cast: Cast) -> None:
    for actor in (cast.actor(cast.ross), cast.actor(cast.monica), ANONYMOUS):
        with pytest.raises(ForbiddenError):
            actions.raise_ticket(
                requester=cast.rachel, subject="S", text="T", actor=actor, now=NOON
            )


def test_an_agent_raises_for_a_customer(cast: Cast) -> None:
    ticket = actions.raise_ticket(
        requester=cast.rachel,
        subject="She called",
        text="T",
        channel="agent",
        actor=cast.actor(cast.alice),
        now=NOON,
    )

    assert (ticket.requester, ticket.organisation) == (cast.rachel, cast.acme)
    assert Message.objects.get().author == cast.alice


def test_an_archived_category_is_refused(cast: Cast) -> None:
    cast.lost_card.archived = True
    cast.lost_card.save()

    with pytest.raises(CategoryRefusedError):
        raised(cast, category=cast.lost_card)


class TestCustomFields:
    @pytest.fixture(autouse=True)
    def fields(self, cast: Cast) -> None:
        kinds = CategoryField.Kind
        for key, kind, required in (
            ("digits", kinds.TEXT, True),
            ("amount", kinds.NUMBER, False),
            ("since", kinds.DATE, False),
            ("which", kinds.CHOICE, False),
            ("abroad", kinds.FLAG, False),
        ):
            CategoryField.objects.create(
                category=cast.lost_card,
                key=key,
                label=key,
                kind=kind,
                required=required,
                options=["debit", "credit"],
            )

    def test_are_kept_by_their_type(self, cast: Cast) -> None:
        said = {"digits": " 1234 ", "amount": "12.50", "since": "2026-05-01", "abroad": True}

        ticket = raised(cast, category=cast.lost_card, custom=said)

        assert ticket.custom == {
            "digits": "1234",
            "amount": "12.50",
            "since": "2026-05-01",
            "abroad": True,
        }

    def test_a_zero_is_a_number(self, cast: Cast) -> None:
        ticket = raised(cast, category=cast.lost_card, custom={"digits": "1", "amount": Decimal(0)})

        assert ticket.custom["amount"] == "0"

    def test_what_is_no_longer_asked_for_stays(self, cast: Cast) -> None:
        said = {"digits": "1", "amount": "12.50"}
        ticket = raised(cast, category=cast.lost_card, custom=said)
        CategoryField.objects.filter(key="amount").update(archived=True)
        reference.forget()
        alice = cast.actor(cast.alice)

        ticket = actions.edit(ticket=ticket, custom={"digits": "2"}, actor=alice, now=LATER)

        assert ticket.custom == {"digits": "2", "amount": "12.50"}

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {"digits": "1", "amount": "many"},
            {"digits": "1", "amount": "NaN"},
            {"digits": "1", "since": "31.12.2026"},
            {"digits": "1", "which": "gold"},
            {"digits": "1", "abroad": "perhaps"},
            {"digits": "x" * 201},
        ],
    )
    def test_of_a_wrong_type_are_refused(self, cast: Cast, wrong: dict[str, object]) -> None:
        with pytest.raises(DomainError, match="fields"):
            raised(cast, category=cast.lost_card, custom=wrong)

        assert not Ticket.objects.exists()
