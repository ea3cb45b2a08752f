"""Counts that facts keep (ADR 26)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F

from apps.accounts.models import User
from apps.accounts.zones import zone_of
from apps.desk.models import DayCount, Place, Tally
from apps.desk.models.counters import DIMENSIONS, NONE
from apps.tickets.models import Ticket
from apps.tickets.statuses import ACTIVE

Where = tuple[Any, ...]  # values of DIMENSIONS


@transaction.atomic
def place(*, ticket_id: int) -> None:
    """Count a ticket where it stands now, and no longer where it was counted last.

    It compares what is with what was counted, so it may run any number of times, for facts in any
    order. The lock on the ticket's place makes two of them take turns; the second one looks at the
    ticket after the first.
    """
    counted = Place.objects.select_for_update().filter(ticket=ticket_id).first()
    before = _where(counted) if counted is not None else None
    ticket = Ticket.objects.filter(pk=ticket_id, status_category__in=sorted(ACTIVE)).first()
    after = _stands(ticket) if ticket is not None else None
    if before == after:
        return
    if after is None:
        Place.objects.filter(ticket=ticket_id).delete()
    elif counted is None:
        Place.objects.create(ticket_id=ticket_id, **dict(zip(DIMENSIONS, after, strict=True)))
    else:
        Place.objects.filter(ticket=ticket_id).update(**dict(zip(DIMENSIONS, after, strict=True)))
    # In one order everywhere: two tickets that change places never wait for each other.
    changes = [(where, by) for where, by in ((before, -1), (after, 1)) if where is not None]
    for where, by in sorted(changes):
        _add(where, by)


def _add(where: Where, by: int) -> None:
    named = dict(zip(DIMENSIONS, where, strict=True))
    if not Tally.objects.filter(**named).update(count=F("count") + by):
        Tally.objects.bulk_create([Tally(**named)], ignore_conflicts=True)
        Tally.objects.filter(**named).update(count=F("count") + by)


def _where(row: Place) -> Where:
    return tuple(getattr(row, name) for name in DIMENSIONS)


def _stands(ticket: Ticket) -> Where:
    return (
        ticket.team_id or NONE,
        ticket.assignee_id or NONE,
        ticket.category_id or NONE,
        ticket.status_category,
        ticket.priority,
        ticket.is_major_incident,
        ticket.waiting_since is not None,
    )


@transaction.atomic
def recount() -> int:
    """Count everything anew. Returns how many active tickets there are.

    For a desk that was loaded in bulk, or after a doubt. Facts that are handled meanwhile wait for
    nothing: what they change after our look is put right by `place`, which compares.
    """
    Place.objects.all().delete()
    Tally.objects.all().delete()
    total = 0
    rows = Ticket.objects.active().order_by("pk")
    batch: list[Place] = []
    for ticket in rows.iterator(chunk_size=2000):
        batch.append(
            Place(ticket_id=ticket.pk, **dict(zip(DIMENSIONS, _stands(ticket), strict=True)))
        )
        if len(batch) == 2000:  # noqa: PLR2004 - as many as are read at once
            Place.objects.bulk_create(batch)
            total, batch = total + len(batch), []
    Place.objects.bulk_create(batch)
    counted = Place.objects.order_by().values(*DIMENSIONS).annotate(count=Count("pk"))
    Tally.objects.bulk_create([Tally(**row) for row in counted], batch_size=2000)
    return total + len(batch)


@transaction.atomic
def count_deed(*, user_id: int, deed: str, at: datetime) -> None:
    """One more on a person's day, as their clock has it.

    The journal marks a fact as handled in the same transaction.
    """
    zone = User.objects.filter(pk=user_id).values_list("time_zone", flat=True).first()
    day = at.astimezone(zone_of(zone or "UTC")).date()
    mine = DayCount.objects.filter(user_id=user_id, day=day, deed=deed)
    if not mine.update(count=F("count") + 1):
        row = DayCount(user_id=user_id, day=day, deed=deed)
        DayCount.objects.bulk_create([row], ignore_conflicts=True)
        mine.update(count=F("count") + 1)
