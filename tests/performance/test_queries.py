"""How many queries a page makes never depends on how many tickets there are."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.tickets import actions
from apps.tickets.models import Ticket
from tests.cast import Cast, client_of
from tests.support import NOON
from tests.tickets.desk import LATER, raised

pytestmark = pytest.mark.django_db

FEW, MANY = 10, 300


def queries_of(client: Client, path: str, said: dict[str, object] | None = None) -> int:
    """Once everything that is kept for a while has been kept."""
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            sent = {**said, "submission": str(uuid.uuid4())} if said else None
            answer = client.post(path, sent) if sent else client.get(path)
        assert answer.status_code in {200, 302}, path
    own = [q["sql"] for q in queries.captured_queries]
    return sum(not sql.startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")) for sql in own)


def pages(cast: Cast, ticket: Ticket) -> dict[str, int]:
    rachel, monica, alice = map(client_of, (cast.rachel, cast.monica, cast.alice))
    portal, desk = f"/requests/{ticket.ref}/", f"/admin/tickets/ticket/{ticket.pk}"
    return {
        "home": queries_of(rachel, "/"),
        "my requests": queries_of(rachel, "/requests/?state=all"),
        "my organisation's": queries_of(monica, "/requests/?whose=ours&state=all"),
        "a request": queries_of(rachel, portal),
        "reply": queries_of(rachel, f"{portal}reply/", {"text": "Any news?"}),
        "raise": queries_of(rachel, "/new/lost-card/", {"subject": "Lost", "text": "Help."}),
        "dashboard": queries_of(alice, "/admin/"),
        "queue": queries_of(alice, "/admin/tickets/ticket/"),
        "workspace": queries_of(alice, f"{desk}/change/"),
    }


def test_are_as_many_for_ten_tickets_as_for_three_hundred(cast: Cast) -> None:
    first = raised(cast, team=cast.cards)
    for _ in range(FEW - 1):
        actions.take(ticket=raised(cast), actor=cast.actor(cast.alice), now=LATER)
    with_few = pages(cast, first)

    for _ in range(MANY - FEW):
        raised(cast, team=cast.cards)

    assert pages(cast, first) == with_few


def test_stay_within_what_a_page_may_make(cast: Cast) -> None:
    """Session and person make two more, and for staff their permissions a third."""
    ticket = raised(cast, team=cast.cards)
    actions.reply(ticket=ticket, text="Hello.", actor=cast.actor(cast.alice), now=NOON)

    made = pages(cast, ticket)

    assert made["my requests"] <= 6 + 2, made
    assert made["a request"] <= 10 + 2, made
    assert made["reply"] <= 12 + 2, made
    assert made["raise"] <= 12 + 2, made
    assert made["queue"] <= 6 + 3, made
