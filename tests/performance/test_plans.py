"""The hot lists begin at an index and stop at the end of their page: they sort nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from apps.accounts import access
from apps.events.models import Delivery, Event
from apps.kernel.actors import Actor
from apps.tickets.models import Attachment, Message, Ticket
from tests.cast import Cast
from tests.support import NOON

pytestmark = pytest.mark.django_db

PAGE = 26
Asked = Callable[[Cast], QuerySet[Any]]


def agent(cast: Cast) -> Actor:
    actor = cast.actor(cast.alice)
    assert actor.hidden_team_ids  # the harder case
    return actor


def manager(cast: Cast) -> Actor:
    return cast.actor(cast.monica)


def seen(cast: Cast) -> Any:
    return Ticket.objects.visible_to(agent(cast)).active()


LISTS: dict[str, tuple[str, Asked]] = {
    "a customer's own": (
        "ticket_requester",
        lambda cast: Ticket.objects.raised_by(cast.rachel.pk).listed(),
    ),
    "a customer's own, further on": (
        "ticket_requester",
        lambda cast: Ticket.objects.raised_by(cast.rachel.pk).listed().older_than(NOON, 10**6),
    ),
    "an organisation's": (
        "ticket_organisation",
        lambda cast: (
            Ticket.objects.visible_to(manager(cast)).filter(organisation=cast.acme).listed()
        ),
    ),
    "everything active": ("ticket_active", lambda cast: seen(cast).listed()),
    "everything active, further on": (
        "ticket_active",
        lambda cast: seen(cast).listed().older_than(NOON, 10**6),
    ),
    "a team's": ("ticket_active_team", lambda cast: seen(cast).filter(team=cast.cards).listed()),
    "mine": (
        "ticket_active_assignee",
        lambda cast: seen(cast).filter(assignee=cast.alice).listed(),
    ),
    "nobody's": ("ticket_active", lambda cast: seen(cast).filter(assignee=None).listed()),
    "to wake": ("ticket_to_wake", lambda _: Ticket.objects.asleep_until(NOON)),
    "to close": ("ticket_to_close", lambda _: Ticket.objects.resolved_before(NOON)),
    "unanswered": ("ticket_pending", lambda _: Ticket.objects.pending_since(NOON)),
    "a conversation": (
        "message_conversation",
        lambda _: Message.objects.filter(ticket__in=[1]).conversation(),
    ),
    "a ticket's history": (
        "event_subject",
        lambda _: Event.objects.filter(subject="ticket:1").order_by("-id"),
    ),
    "what the scanner is asked about": (
        "attachment_scan_turns",
        lambda _: Attachment.objects.unscanned(),
    ),
    "what the scanner is asked about again": (
        "attachment_scan_turns",
        lambda _: Attachment.objects.unscanned_again(now=NOON),
    ),
    "due deliveries": ("delivery_due_each", lambda _: Delivery.objects.due(now=NOON)),
    "what the stream gets": (
        "delivery_streamable",
        lambda _: Delivery.objects.streamable(now=NOON),
    ),
}
# Their conditions stand in the query as parameters, which SQLite does not compare with an index's.
NOT_ON_SQLITE = (
    "ticket_active",
    "delivery_due_each",
    "delivery_streamable",
    "attachment_scan_turns",
)


def plan_of(rows: QuerySet[Any]) -> str:
    """How the database would go about it if only the shape of the query counted, not the few rows.

    PostgreSQL sorts and scans only where no index serves; SQLite says what it sorts.
    """
    sql, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for way in ("seqscan", "sort", "bitmapscan", "incremental_sort"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
            cursor.execute(f"EXPLAIN {sql}", params)
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


@pytest.fixture
def others_history(db: None) -> None:
    """Facts about a thousand others, all delivered: of an empty table any index reads nothing."""
    events = Event.objects.bulk_create(
        Event(
            name="ticket.raised",
            version=1,
            subject=f"other:{n}",
            correlation_id=uuid.UUID(int=n),
            depth=0,
            data={},
            occurred_at=NOON,
            recorded_at=NOON,
        )
        for n in range(1000)
    )
    Delivery.objects.bulk_create(
        Delivery(event=event, subscriber="other", subject=event.subject, due_at=NOON, done_at=NOON)
        for event in events
    )
    with connection.cursor() as cursor:
        for table in (Event, Delivery):
            cursor.execute(f"ANALYZE {table._meta.db_table}")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.usefixtures("others_history")
def test_a_page_is_read_off_its_index(cast: Cast, name: str) -> None:
    index, asked = LISTS[name]
    if connection.vendor == "sqlite" and index.startswith(NOT_ON_SQLITE):
        pytest.skip("SQLite never takes a partial index for what comes as parameters")

    plan = plan_of(asked(cast)[:PAGE])

    assert index in plan, plan
    assert "Sort" not in plan, plan
    assert "TEMP B-TREE" not in plan, plan


def test_what_a_lead_took_part_in_is_not_gathered_for_a_page(cast: Cast) -> None:
    plan = plan_of(seen(cast).listed()[:PAGE])

    assert "hashed SubPlan" not in plan, plan


def test_whom_a_group_holds_is_looked_up_by_person(cast: Cast) -> None:
    plan = plan_of(access.ask_granted(cast.alice.pk))

    assert " OR " not in plan, plan  # which reads every user's groups


def test_the_check_sees_a_sort(cast: Cast) -> None:
    plan = plan_of(seen(cast).order_by("subject")[:PAGE])

    assert "Sort" in plan or "TEMP B-TREE" in plan
