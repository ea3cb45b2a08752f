"""The doors through which strangers and staff write, and the pages that show it afterwards."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.accounts import actions as people
from apps.accounts.models import Organisation, User
from apps.kernel.actors import SYSTEM
from apps.tickets import actions, files
from apps.tickets.models import Category, Ticket
from tests.cast import Cast, client_of
from tests.support import NOON


def form(**said: Any) -> dict[str, Any]:
    return {"submission": str(uuid.uuid4()), **said}


def attached(name: str, content: bytes) -> files.StoredFile:
    """A file whose name arrives as it was sent: Django's own class would mend it at once."""
    upload = SimpleUploadedFile("x", content)
    upload._name = name  # type: ignore[attr-defined]
    return files.store(upload)


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody whose every word is hostile, and their ticket."""

    person: User
    ticket: Ticket


def say_everywhere(cast: Cast, words: str, number: int = 0) -> Said:
    """The same words through each door: names, subject, messages, note, field, file, reason."""
    line = words[:110]
    company = people.save_organisation(
        organisation=None,
        name=f"{line} {number}",
        shares_tickets=True,
        notes=words,
        domains=[],
        actor=SYSTEM,
        now=NOON,
    )
    person = User.objects.create(email=f"hostile{number}@example.com", organisation=company)
    person = people.edit_person(
        user=person, name=line, locale="en", time_zone="UTC", actor=SYSTEM, now=NOON
    )
    actor = cast.actor(person)
    ticket = actions.raise_ticket(
        requester=person,
        subject=words,
        text=words,
        category=Category.objects.get(slug="lost-card"),
        custom={"k": line},
        attachments=[attached(f"{words}.txt", b"plain")],
        actor=actor,
        now=NOON,
    )
    alice = cast.actor(cast.alice)
    actions.reply(ticket=ticket, text=words, actor=alice, now=NOON)
    actions.note(ticket=ticket, text=words, actor=alice, now=NOON)
    lena = cast.actor(cast.lena)
    ticket = actions.override_priority(
        ticket=ticket, priority=1, reason=words, actor=lena, now=NOON
    )
    people.set_availability(user=cast.lena, availability="away", note=words, actor=SYSTEM, now=NOON)
    return Said(person, ticket)


def own_pages(cast: Cast, said: Said) -> dict[str, str]:
    """The pages of one ticket, for both sides."""
    return {
        "portal": _page(said.person, reverse("ticket", args=[said.ticket.ref])),
        "desk": _page(cast.alice, reverse("admin:tickets_ticket_change", args=[said.ticket.pk])),
    }


def common_pages(cast: Cast) -> dict[str, str]:
    """The pages on which everybody's words stand beside each other."""
    paths = [
        reverse("ticket_list"),
        reverse("admin:tickets_ticket_changelist"),
        reverse("admin:accounts_user_changelist"),
        reverse("admin:accounts_organisation_changelist"),
        reverse("admin:accounts_organisation_change", args=[Organisation.objects.latest("pk").pk]),
        reverse("admin:availability"),
        reverse("admin:events_event_changelist"),
        reverse("admin:notifications_outgoingmail_changelist"),
        reverse("outbox"),
    ]
    return {path: _page(cast.ada, path) for path in paths}


def _page(user: User, path: str) -> str:
    answer = client_of(user).get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()
