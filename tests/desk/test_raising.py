"""An agent raises a ticket for somebody who called: found while typing, or invited."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.models import User
from apps.notifications.models import OutgoingMail
from apps.tickets.models import Attachment, Ticket
from tests.cast import Cast, client_of

pytestmark = pytest.mark.django_db
PAGE = "/admin/tickets/ticket/add/?category=lost-card"
PEOPLE = "/admin/tickets/ticket/people/"


def post(client: Client, **said: Any) -> Any:
    form = {
        "requester": "new@example.com",
        "subject": "Lost",
        "text": "They called.",
        "impact": 2,
        "urgency": 2,
        "submission": str(uuid.uuid4()),
    }
    return client.post(PAGE, form | said)


class TestPeopleLike:
    def test_are_found_by_a_part_of_name_or_address(self, cast: Cast) -> None:
        answer = client_of(cast.alice).get(PEOPLE, {"requester": "rach"})

        assert answer.content.decode().strip() == (
            '<option value="rachel@example.com">Rachel, Acme</option>'
        )

    @pytest.mark.parametrize("text", ["", "r", " r "])
    def test_need_two_letters(self, cast: Cast, text: str) -> None:
        answer = client_of(cast.alice).get(PEOPLE, {"requester": text})

        assert answer.content.decode().strip() == ""

    def test_are_asked_for_by_the_form(self, cast: Cast) -> None:
        page = client_of(cast.alice).get(PAGE).content.decode()

        assert f'hx-get="{PEOPLE}"' in page
        assert '<datalist id="people-like">' in page


class TestAnUnknownAddress:
    def test_may_be_invited_by_an_administrator(self, cast: Cast) -> None:
        client = client_of(cast.ada)
        refused = post(client).content.decode()
        assert "Correct it, or invite them." in refused
        assert 'name="invite"' in refused
        assert 'name="name"' in refused
        assert not Ticket.objects.exists()

        answer = post(client, invite="1", name="Nora New")

        ticket = Ticket.objects.get()
        assert answer["Location"] == f"/admin/tickets/ticket/{ticket.pk}/change/"
        assert (ticket.requester.email, ticket.requester.name) == ("new@example.com", "Nora New")
        assert not ticket.requester.is_staff
        assert [one.to for one in OutgoingMail.objects.all()] == ["new@example.com"]

    def test_needs_a_name(self, cast: Cast) -> None:
        page = post(client_of(cast.ada), invite="1", name=" ").content.decode()

        assert "Say who it is." in page
        assert not User.objects.filter(email="new@example.com").exists()

    def test_is_not_invited_for_a_ticket_that_is_refused(self, cast: Cast) -> None:
        client, number = client_of(cast.ada), str(uuid.uuid4())
        post(client, requester="rachel@example.com", submission=number)

        refused = post(client, invite="1", name="Nora New", submission=number)

        assert refused.status_code == 200
        assert not User.objects.filter(email="new@example.com").exists()
        assert not OutgoingMail.objects.exists()

    def test_is_refused_to_who_may_not_invite(self, cast: Cast) -> None:
        client = client_of(cast.alice)

        page = post(client, invite="1", name="Nora New").content.decode()

        assert "Let an administrator invite them first." in page
        assert 'name="invite"' not in page
        assert not User.objects.filter(email="new@example.com").exists()

    def test_of_somebody_who_is_known_by_now_is_taken(self, cast: Cast) -> None:
        post(client_of(cast.ada), invite="1", name="R", requester="Rachel@example.com")

        assert Ticket.objects.get().requester == cast.rachel
        assert not OutgoingMail.objects.exists()


def test_files_survive_a_refusal(cast: Cast) -> None:
    client = client_of(cast.alice)
    file = SimpleUploadedFile("card.txt", b"1234", content_type="text/plain")

    refused = post(client, attachments=file)
    held = refused.context["pending"]
    assert "card.txt" in refused.content.decode()
    post(client, requester="rachel@example.com", uploads=[held[0].ref])

    assert Attachment.objects.get().name == "card.txt"
    assert Attachment.objects.get().message.ticket == Ticket.objects.get()
