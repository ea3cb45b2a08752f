"""Chores about tickets; apps.ops.chores says when they run."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from datetime import timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.utils import timezone

from apps.events.jobs import chore, spell
from apps.kernel import scanning
from apps.kernel.actors import SYSTEM
from apps.kernel.errors import DomainError
from apps.kernel.storage import FilesAwayError, store
from apps.tickets import actions, files, keeping, ratings
from apps.tickets.models import Attachment, Ticket, Upload, Waiting
from apps.tickets.querysets import TicketQuerySet
from apps.tickets.working_days import working_days_before

logger = logging.getLogger(__name__)

BATCH = 500  # the rest waits for the chore's next turn


@chore
def wake_scheduled() -> None:
    """Open tickets whose date has come."""
    now = timezone.now()
    _each(
        Ticket.objects.asleep_until(now),
        lambda ticket: actions.wake(ticket=ticket, actor=SYSTEM, now=now),
    )


@chore
def close_resolved() -> None:
    """Close what has been solved for longer than a reply may reopen it."""
    now = timezone.now()
    since = now - timedelta(days=settings.REOPEN_WINDOW_DAYS)
    _each(
        Ticket.objects.resolved_before(since),
        lambda ticket: actions.close(ticket=ticket, actor=SYSTEM, now=now, unchanged_since=since),
    )


@chore
def close_pending() -> None:
    """Close what has waited for its requester through so many working days."""
    now = timezone.now()
    since = working_days_before(now, settings.CLOSE_PENDING_AFTER_DAYS)
    _each(
        Ticket.objects.pending_since(since),
        lambda ticket: actions.close(ticket=ticket, actor=SYSTEM, now=now, unchanged_since=since),
    )


@chore
def assign_waiting() -> None:
    """Give out what found nobody: agents have come back, or have room again.

    The most urgent first. A team that has nobody for a customer's ticket has nobody for the rest.
    """
    now = timezone.now()
    waiting = Waiting.objects.select_related("ticket__requester").order_by(
        "ticket__priority", "since", "pk"
    )
    hopeless: set[int] = set()
    for row in waiting[:BATCH]:
        if row.team_id in hopeless:
            continue
        try:
            ticket = actions.auto_assign(ticket=row.ticket, actor=SYSTEM, now=now)
        except DomainError as error:
            logger.info("left waiting", extra={"ticket": row.ticket_id, "why": error.code})
            continue
        still_waits = ticket.assignee_id is None and Waiting.objects.filter(pk=row.pk).exists()
        if still_waits and not row.ticket.requester.is_staff:
            hopeless.add(row.team_id)


def _each(tickets: TicketQuerySet, act: Callable[[Ticket], object]) -> None:
    """One transaction a ticket, in the order given: a refusal leaves the others alone."""
    for ticket in tickets[:BATCH]:
        try:
            act(ticket)
        except DomainError as error:
            logger.info("chore left a ticket alone", extra={"ticket": ticket.pk, "why": error.code})


@chore
def ask_for_ratings() -> None:
    """Ask how it was, some time after a solving: whoever reopens in between isn't asked."""
    now = timezone.now()
    due = now - timedelta(hours=settings.RATING_AFTER_HOURS)
    _each(
        Ticket.objects.unrated_since(due - ratings.ASK_WITHIN, due),
        lambda ticket: actions.ask_for_rating(ticket=ticket, actor=SYSTEM, now=now),
    )


@chore
def discard_uploads() -> None:
    """Throw away files whose form was never sent."""
    now = timezone.now()
    for upload in Upload.objects.abandoned(now=now).order_by("pk")[:BATCH]:
        actions.discard_abandoned(upload=upload, now=now)


@chore
def scan_waiting() -> None:
    """Ask the scanner about files that it couldn't be asked about when they came.

    While it is away the first of them is enough to know. One that can't be looked at stops no
    other, and is tried again ever later.
    """
    for _ in spell():
        attachment = actions.claim_scan(actor=SYSTEM, now=timezone.now())
        if attachment is None:
            return
        try:
            with store().open(attachment.key) as file:
                verdict = scanning.ask(file)
        except scanning.NotLookedAtError as error:
            logger.warning("not looked at", extra={"key": attachment.key, "why": str(error)})
        except (scanning.ScannerAwayError, FilesAwayError) as error:
            logger.warning("files go on waiting for the scanner", extra={"why": str(error)})
            actions.give_scan_back(attachment=attachment, actor=SYSTEM)
            return
        except FileNotFoundError:  # the command `files` tells of it
            logger.warning("a file to be scanned is missing", extra={"key": attachment.key})
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            logger.exception("a file that the scanner fails at", extra={"key": attachment.key})
        else:
            actions.record_scan(
                attachment=attachment, verdict=verdict, actor=SYSTEM, now=timezone.now()
            )


def _unnamed(keys: set[str]) -> set[str]:
    named = Attachment.objects.filter(key__in=keys, redacted_at=None)
    return keys - set(named.values_list("key", flat=True))


@chore
def discard_orphans() -> None:
    """Delete stored files that no row names: what was stored for an action that failed."""
    stored = files.stored_before(timezone.now() - timedelta(days=2))
    while keys := list(itertools.islice(stored, BATCH)):
        left = _unnamed({key for key in _unnamed(set(keys)) if not keeping.is_kept(key)})
        # Asked twice: a draft's file becomes a message's, and may have moved in between.
        for key in sorted(left):
            store().delete(key)
            logger.info("orphaned file deleted", extra={"key": key})
