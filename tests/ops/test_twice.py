"""Every chore, run a second time at the same moment, finds nothing to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone

from apps.accounts import actions as people
from apps.accounts.models import AgentState
from apps.events.models import Event
from apps.kernel.actors import SYSTEM
from apps.notifications.models import Notification, OutgoingMail
from apps.ops.chores import CHORES
from apps.tickets import actions
from apps.tickets.actions.rows import default_status
from apps.tickets.models import Rating, Ticket
from apps.tickets.statuses import StatusCategory
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def much_is_due(cast: Cast) -> None:
    now, agent, lead = timezone.now(), cast.actor(cast.alice), cast.actor(cast.lena)
    for days, verb in ((20, "solve"), (20, "ask"), (1.1, "solve"), (3, "sleep")):
        then = now - timedelta(days=days)
        ticket = actions.raise_ticket(
            requester=cast.rachel,
            subject=f"Of {days} days ago",
            text="T",
            actor=cast.actor(cast.rachel),
            now=then,
        )
        ticket = actions.assign(
            ticket=ticket, team=cast.cards, assignee=cast.alice, actor=lead, now=then
        )
        later = then + timedelta(minutes=1)
        if verb == "solve":
            actions.solve(ticket=ticket, actor=agent, now=later)
        elif verb == "ask":
            pending = default_status(StatusCategory.PENDING)
            actions.change_status(ticket=ticket, status=pending, actor=agent, now=later)
        else:
            open_ = default_status(StatusCategory.OPEN)
            ticket = actions.change_status(ticket=ticket, status=open_, actor=agent, now=later)
            actions.change_status(
                ticket=ticket,
                status=default_status(StatusCategory.SCHEDULED),
                until=now - timedelta(hours=1),
                actor=agent,
                now=later,
            )
    people.set_availability(
        user=cast.bob,
        availability=AgentState.Availability.AWAY,
        until=now - timedelta(minutes=1),
        note="",
        actor=SYSTEM,
        now=now - timedelta(hours=1),
    )
    Notification.objects.update(due_at=now)


def _counts() -> dict[str, int]:
    kept: tuple[Any, ...] = (Event, Notification, OutgoingMail, Rating)
    return {model.__name__: model.objects.count() for model in kept} | {
        "closed": Ticket.objects.filter(status__category="closed").count()
    }


def test_twice_is_once(much_is_due: None) -> None:
    current_app.loader.import_default_modules()
    before = _counts()
    for chore in CHORES:
        current_app.tasks[chore.task].run()
    once = _counts()
    for chore in CHORES:
        current_app.tasks[chore.task].run()

    assert _counts() == once
    assert once["closed"] == before["closed"] + 2
    assert once["Event"] >= before["Event"] + 5  # two closed, one woken, one asked about, one back
