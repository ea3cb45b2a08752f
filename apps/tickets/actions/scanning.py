"""What is found out about stored files after they were attached."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError, NotFoundError
from apps.kernel.scanning import CLEAN, HELD, Verdict
from apps.tickets import events
from apps.tickets.actions.rows import quarantined
from apps.tickets.models import Attachment


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
