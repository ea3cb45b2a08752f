"""What is found out about stored files after they were attached."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError, NotFoundError
from apps.kernel.scanning import CLEAN, HELD, Verdict
from apps.tickets import events
from apps.tickets.actions.rows import quarantined
from apps.tickets.models import Attachment

SCAN_WITHIN = timedelta(minutes=5)  # longer than a job may take
LONGEST_WAIT = timedelta(days=1)
MOST_TRIES = 12  # from here on they are not counted


def claim_scan(*, actor: Actor, now: datetime) -> Attachment | None:
    """The next file that waits for the scanner, for this caller alone; None if none does.

    Whatever becomes of it, its next turn is later each time.
    """
    if not actor.is_system:
        raise ForbiddenError
    while (row := Attachment.objects.unscanned(now=now).first()) is not None:
        tries = min(row.scan_tries + 1, MOST_TRIES)
        wait = min(SCAN_WITHIN * 2 ** (tries - 1), LONGEST_WAIT)
        same = Attachment.objects.filter(
            pk=row.pk, scan_tries=row.scan_tries, scan_held_until=row.scan_held_until
        )
        if same.update(scan_tries=tries, scan_held_until=now + wait):
            row.scan_tries = tries
            return row
    return None


def give_scan_back(*, attachment: Attachment, actor: Actor) -> None:
    """It was not the file's fault: it is due again at once, and this try doesn't count."""
    if not actor.is_system:
        raise ForbiddenError
    Attachment.objects.filter(pk=attachment.pk).update(
        scan_tries=max(attachment.scan_tries - 1, 0), scan_held_until=None
    )


@transaction.atomic
def record_scan(
    *, attachment: Attachment, verdict: Verdict, actor: Actor, now: datetime
) -> Attachment:
    """What the scanner said of a file that waited for it. One that waits no more is left alone."""
    row = _locked(attachment, actor)
    if row.scan != Attachment.Scan.PENDING or verdict.scan not in {CLEAN, HELD}:
        return row
    row.scan, row.finding = verdict.scan, verdict.finding
    row.save(update_fields=["scan", "finding"])
    fact: events.AttachmentScanned | events.AttachmentQuarantined
    if row.scan == Attachment.Scan.QUARANTINED:
        fact = quarantined(row, ticket_id=row.message.ticket_id)
    else:
        subject = events.subject_of(row.message.ticket_id)
        fact = events.AttachmentScanned(subject=subject, attachment_id=row.pk)
    journal.record(fact, actor=actor, now=now)
    return row


@transaction.atomic
def record_missing(
    *, attachment: Attachment, is_missing: bool, actor: Actor, now: datetime
) -> Attachment:
    """Whether the storage still has a file: staff see it on the ticket."""
    row = _locked(attachment, actor)
    if (row.missing_at is not None) == is_missing or row.redacted_at is not None:
        return row
    row.missing_at = now if is_missing else None
    row.save(update_fields=["missing_at"])
    fact = events.AttachmentMissed(
        subject=events.subject_of(row.message.ticket_id),
        attachment_id=row.pk,
        found=not is_missing,
    )
    journal.record(fact, actor=actor, now=now)
    return row


def _locked(attachment: Attachment, actor: Actor) -> Attachment:
    if not actor.is_system:
        raise ForbiddenError
    rows = Attachment.objects.select_for_update(of=("self",)).select_related("message")
    row = rows.filter(pk=attachment.pk).first()
    if row is None:
        raise NotFoundError
    return row
