from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.accounts.access import require
from apps.accounts.permissions import Permission
from apps.events import journal
from apps.kernel.actors import Actor
from apps.tickets import events
from apps.tickets.errors import StatusRefusedError
from apps.tickets.models import Category, CategoryField, PriorityRule, Status


@transaction.atomic
def save_reference(
    *, row: Category | CategoryField | PriorityRule | Status, actor: Actor, now: datetime
) -> None:
    """Keep what the desk is set up with, as an administrator's form left the row.

    Raises StatusRefusedError for a default status that would go out of use.
    """
    require(actor, Permission.MANAGE_DESK)
    if isinstance(row, Status) and row.is_default and row.archived:
        raise StatusRefusedError
    row.save()
    subject = f"{row._meta.model_name}:{row.pk}"
    journal.record(events.DeskConfigured(subject=subject, name_of=str(row)), actor=actor, now=now)
