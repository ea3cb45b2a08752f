from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from apps.desk.errors import DraftChangedError
from apps.desk.models import Draft, DraftFile
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError
from apps.tickets import policies
from apps.tickets.actions.rows import TEXT_LIMIT
from apps.tickets.errors import TextTooLongError
from apps.tickets.files import StoredFile
from apps.tickets.models import Ticket


def keep_draft(
    *, ticket: Ticket, kind: str, text: str, version: int, actor: Actor, now: datetime
) -> int:
    """Keep what somebody is writing; returns the draft's new version, 0 when nothing is left.

    `version` is the draft as its writer's window knows it, 0 if it knows of none. Raises
    DraftChangedError if another window of theirs kept something else meanwhile. Drafts are
    nobody's business but their writer's: no fact tells of them.
    """
    if actor.id is None or not policies.can_work(actor, ticket):
        raise ForbiddenError
    if len(text) > TEXT_LIMIT:
        raise TextTooLongError
    text = text.replace("\0", "")
    row = resting(ticket, kind, actor)
    if row is None:
        return _begin(ticket, kind, text, actor=actor, now=now) if text.strip() else 0
    if row.version != version and row.text != text:
        raise DraftChangedError(text=row.text, version=row.version)
    mine = Draft.objects.resting().filter(pk=row.pk, version=row.version)
    if not text.strip() and not row.files.exists():
        mine.delete()
        return 0
    if row.text == text:
        return row.version
    if not mine.update(text=text, notice="", version=row.version + 1, updated_at=now):
        raise _changed(ticket, kind, actor)
    return row.version + 1


def _begin(ticket: Ticket, kind: str, text: str, *, actor: Actor, now: datetime) -> int:
    try:
        with transaction.atomic():
            made = Draft.objects.create(
                ticket=ticket,
                author_id=actor.id,
                kind=Draft.Kind(kind),
                text=text,
                updated_at=now,
            )
    except IntegrityError:
        raise _changed(ticket, kind, actor) from None
    return made.version


def _changed(ticket: Ticket, kind: str, actor: Actor) -> DraftChangedError:
    row = resting(ticket, kind, actor)
    return DraftChangedError(text=row.text if row else "", version=row.version if row else 0)


def resting(ticket: Ticket, kind: str, actor: Actor) -> Draft | None:
    """What the actor is writing there. Nobody sees another one's text."""
    return Draft.objects.resting().filter(ticket=ticket, author=actor.id, kind=kind).first()


def take_files(draft: Draft | None, *, without: Iterable[int] = ()) -> list[StoredFile]:
    """The files of a draft that is done with, and the draft deleted."""
    if draft is None:
        return []
    dropped = set(without)
    kept = [stored_file(row) for row in draft.files.order_by("pk") if row.pk not in dropped]
    Draft.objects.filter(pk=draft.pk).delete()
    return kept


def stored_file(row: DraftFile) -> StoredFile:
    return StoredFile(
        key=row.key,
        name=row.name,
        content_type=row.content_type,
        size=row.size,
        sha256=row.sha256,
    )


def attach(draft: Draft, files: Sequence[StoredFile]) -> None:
    DraftFile.objects.bulk_create(
        DraftFile(
            draft=draft,
            key=file.key,
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            sha256=file.sha256,
        )
        for file in files
    )


def forget_drafts(*, author_id: int) -> None:
    """Everything that a person has not sent: they are leaving the desk's memory."""
    Draft.objects.filter(author=author_id).delete()
