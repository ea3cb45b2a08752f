"""Rows that the actions would never write are refused by the database itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.tickets.models import Link, Participant, PriorityRule, Status, Ticket
from tests.cast import Cast
from tests.support import NOON
from tests.tickets.desk import raised, standing

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "bad",
    [
        {"subject": ""},
        {"impact": 4},
        {"urgency": 0},
        {"priority": 6},
        {"priority_override": 1},
        {"override_reason": "why"},
        {"priority_override": 2, "priority": 3, "override_reason": "why"},
        {"status_category": "merged"},
        {"status_category": "resolved"},
        {"resolved_at": NOON},
        {"closed_at": NOON},
        {"scheduled_until": NOON},
        {"status_category": "scheduled"},
    ],
)
def test_a_bad_ticket(cast: Cast, bad: dict[str, Any]) -> None:
    raised(cast)

    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.update(**bad)


def test_a_ticket_merged_into_itself_or_below_itself(cast: Cast) -> None:
    ticket, merged = raised(cast), standing(cast, "merged")

    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(parent=ticket)
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=merged.pk).update(merged_into=merged)


@pytest.mark.parametrize("both", [True, False])
def test_a_participant_is_a_person_or_an_address(cast: Cast, both: bool) -> None:
    ticket = raised(cast)
    who: dict[str, Any] = {"user": cast.ross, "address": "x@y.example"} if both else {}

    with pytest.raises(IntegrityError), transaction.atomic():
        Participant.objects.create(ticket=ticket, source="agent", added_at=NOON, **who)


def test_a_link_to_itself_or_said_twice(cast: Cast) -> None:
    one, other = raised(cast), raised(cast)
    Link.objects.create(source=one, target=other, kind="blocks")

    for source, target in ((one, one), (one, other)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Link.objects.create(source=source, target=target, kind="blocks")


def test_two_defaults_of_one_category_and_an_archived_one(db: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Status.objects.create(slug="x", agent_label="X", category="open", is_default=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Status.objects.filter(category="open", is_default=True).update(archived=True)


def test_a_cell_of_the_matrix_out_of_range(db: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PriorityRule.objects.update(priority=6)


def test_one_form_makes_one_ticket(cast: Cast) -> None:
    first, second = raised(cast), raised(cast)
    form = "11111111-1111-1111-1111-111111111111"
    Ticket.objects.filter(pk=first.pk).update(submission=form)

    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=second.pk).update(submission=form)
