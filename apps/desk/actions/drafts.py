from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from apps.desk.errors import DraftChangedError
from apps.desk.models import Draft, DraftFile
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError
from apps.tickets import policies
from apps.tickets.actions.rows import TEXT_LIMIT
from apps.tickets.actions.uploading import take_uploads
from apps.tickets.errors import TextTooLongError
from apps.tickets.files import StoredFile
from apps.tickets.models import Status, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """What the composer holds when it is sent.

    `submission` is the form's own number: sent twice it is one message. `seen` is the newest
    message that its writer had before them. The draft's files go along with `attachments`, but
    those `without`; `used` names the saved replies that went into the text.
    """

    text: str
    submission: uuid.UUID
    seen: int = 0
    status: Status | None = None
    attachments: Sequence[StoredFile] = ()
    uploads: Sequence[str] = ()  # refs of files that the writer put down before
    without: Collection[int] = ()
    used: Collection[int] = ()


def keep_draft(
    *,
    ticket: Ticket,
    kind: str,
    text: str,
    version: int,
    actor: Actor,
    now: datetime,
    used: Collection[int] = (),
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
        begun = text.strip() != ""
        return _begin(ticket, kind, text, used, actor.id, now=now) if begun else 0
    if row.version != version and row.text != text:
        raise DraftChangedError(text=row.text, version=row.version)
    mine = Draft.objects.resting().filter(pk=row.pk, version=row.version)
    if not text.strip() and not row.files.exists():
        mine.delete()
        return 0
    if row.text == text:
        return row.version
    changed = {"text": text, "notice": "", "used": list(used), "updated_at": now}
    if not mine.update(version=row.version + 1, **changed):
        raise _changed(ticket, kind, actor.id)
    return row.version + 1


def _begin(
    ticket: Ticket, kind: str, text: str, used: Collection[int], author_id: int, *, now: datetime
) -> int:
    try:
        with transaction.atomic():
            made = Draft.objects.create(
                ticket=ticket,
                author_id=author_id,
                kind=Draft.Kind(kind),
                text=text,
                used=list(used),
                updated_at=now,
            )
    except IntegrityError:
        raise _changed(ticket, kind, author_id) from None
    return made.version


def _changed(ticket: Ticket, kind: str, author_id: int) -> DraftChangedError:
    row = _resting(ticket, kind, author_id)
    return DraftChangedError(text=row.text if row else "", version=row.version if row else 0)


def resting(ticket: Ticket, kind: str, actor: Actor) -> Draft | None:
    """What the actor is writing there. Nobody sees another one's text."""
    return _resting(ticket, kind, actor.id)


def _resting(ticket: Ticket, kind: str, author_id: int | None) -> Draft | None:
    return Draft.objects.resting().filter(ticket=ticket, author=author_id, kind=kind).first()


def take_files(
    draft: Draft | None, written: Composed, *, actor: Actor, now: datetime
) -> list[StoredFile]:
    """All files that go with what was written; the draft that held some is done with."""
    files = [*take_uploads(written.uploads, actor=actor, now=now), *written.attachments]
    if draft is None:
        return files
    left_out = set(written.without)
    kept = [stored_file(row) for row in draft.files.order_by("pk") if row.pk not in left_out]
    Draft.objects.filter(pk=draft.pk).delete()
    return [*kept, *files]


def stored_file(row: DraftFile) -> StoredFile:
    return StoredFile(
        key=row.key,
        name=row.name,
        content_type=row.content_type,
        size=row.size,
        sha256=row.sha256,
        scan=row.scan,
        finding=row.finding,
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
            scan=file.scan,
            finding=file.finding,
        )
        for file in files
    )


def forget_drafts(*, author_id: int) -> None:
    """Everything that a person has not sent: they are leaving the desk's memory."""
    Draft.objects.filter(author=author_id).delete()
