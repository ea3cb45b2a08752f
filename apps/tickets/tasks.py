"""Chores about tickets; apps.ops.chores says when they run."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from celery import shared_task
from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.kernel.actors import SYSTEM
from apps.kernel.errors import DomainError
from apps.tickets import actions, files
from apps.tickets.models import Attachment, Ticket
from apps.tickets.querysets import TicketQuerySet

logger = logging.getLogger(__name__)

BATCH = 500  # the rest waits for the chore's next turn
_SATURDAY = 5


@shared_task
def wake_scheduled() -> None:
    """Open tickets whose date has come."""
    now = timezone.now()
    _each(
        Ticket.objects.asleep_until(now),
        lambda ticket: actions.wake(ticket=ticket, actor=SYSTEM, now=now),
    )


@shared_task
def close_resolved() -> None:
    """Close what has been solved for longer than a reply may reopen it."""
    now = timezone.now()
    since = now - timedelta(days=settings.REOPEN_WINDOW_DAYS)
    _each(
        Ticket.objects.resolved_before(since),
        lambda ticket: actions.close(ticket=ticket, actor=SYSTEM, now=now, unchanged_since=since),
    )


@shared_task
def close_pending() -> None:
    """Close what has waited for its requester through so many working days."""
    now = timezone.now()
    since = working_days_before(now, settings.CLOSE_PENDING_AFTER_DAYS)
    _each(
        Ticket.objects.pending_since(since),
        lambda ticket: actions.close(ticket=ticket, actor=SYSTEM, now=now, unchanged_since=since),
    )


def _each(tickets: TicketQuerySet, act: Callable[[Ticket], object]) -> None:
    """One transaction a ticket: a refusal leaves the others alone."""
    for ticket in tickets.order_by("pk")[:BATCH]:
        try:
            act(ticket)
        except DomainError as error:
            logger.info("chore left a ticket alone", extra={"ticket": ticket.pk, "why": error.code})


def working_days_before(moment: datetime, days: int) -> datetime:
    """The same time of day, so many days from Monday to Friday earlier."""
    while days > 0:
        moment -= timedelta(days=1)
        if moment.weekday() < _SATURDAY:
            days -= 1
    return moment


@shared_task
def discard_orphans() -> None:
    """Delete stored files that no attachment names: uploads whose action failed, a day later."""
    stored = files.stored_before(timezone.now() - timedelta(days=1))
    while keys := list(itertools.islice(stored, BATCH)):
        named = Attachment.objects.filter(key__in=keys, redacted_at=None)
        for key in set(keys) - set(named.values_list("key", flat=True)):
            default_storage.delete(key)
            logger.info("orphaned file deleted", extra={"key": key})
