"""Files before their form is sent. A pending file is no fact: nothing is recorded of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Sum

from apps.accounts.models import User
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError
from apps.tickets import files
from apps.tickets.errors import UploadGoneError, UploadsFullError
from apps.tickets.files import StoredFile
from apps.tickets.models import Upload

FILES_WAITING = 40
BYTES_WAITING = 300 * 1024 * 1024


@transaction.atomic
def keep_upload(
    *, stored: StoredFile, actor: Actor, now: datetime, arrival: str | None = None
) -> Upload:
    """Keep a stored file for a form of the actor's. Raises UploadsFullError.

    `arrival` is where the browser sent it: confirmed twice, it is kept once, and the second
    `stored` is thrown away.
    """
    people = User.objects.select_for_update(no_key=True).filter(is_active=True)
    owner = people.filter(pk=actor.id or 0).first()
    if owner is None:  # locked, so that two uploads at once count each other
        raise ForbiddenError
    if arrival and (before := Upload.objects.filter(owner=owner, arrival=arrival).first()):
        transaction.on_commit(lambda: files.discard(stored.key))
        return before
    check_room(actor=actor, now=now, size=stored.size)
    return Upload.objects.create(
        owner=owner,
        key=stored.key,
        name=stored.name,
        content_type=stored.content_type,
        size=stored.size,
        sha256=stored.sha256,
        scan=stored.scan,
        finding=stored.finding,
        arrival=arrival,
        created_at=now,
    )


def check_room(*, actor: Actor, now: datetime, size: int = 1) -> None:
    """Whether one more file of so many bytes may wait for a form. Raises UploadsFullError."""
    waiting = Upload.objects.waiting(actor, now=now).order_by()
    kept = waiting.aggregate(files=Count("pk"), bytes=Sum("size"))
    if kept["files"] >= FILES_WAITING or (kept["bytes"] or 0) + size > BYTES_WAITING:
        raise UploadsFullError


def take_uploads(refs: Sequence[str], *, actor: Actor, now: datetime) -> list[StoredFile]:
    """The actor's own files behind these refs, for a message that takes them over.

    In the transaction that stores the message; each can be taken once. Raises UploadGoneError.
    """
    if not refs:
        return []
    wanted = dict.fromkeys(refs)
    found = list(
        Upload.objects.waiting(actor, now=now).select_for_update().filter(ref__in=list(wanted))
    )
    if len(found) != len(wanted):
        raise UploadGoneError
    Upload.objects.filter(pk__in=[row.pk for row in found]).delete()
    return [
        StoredFile(
            key=row.key,
            name=row.name,
            content_type=row.content_type,
            size=row.size,
            sha256=row.sha256,
            scan=row.scan,
            finding=row.finding,
        )
        for row in found
    ]


@transaction.atomic
def discard_upload(*, ref: str, actor: Actor) -> None:
    """Throw away a file that the actor put down; one that is gone already is no error."""
    found = Upload.objects.select_for_update().filter(ref=ref, owner=actor.id).first()
    if found is not None:
        _discard(found)


@transaction.atomic
def discard_abandoned(*, upload: Upload, now: datetime) -> None:
    """Throw away a file whose form was never sent."""
    rows = Upload.objects.abandoned(now=now).select_for_update()
    found = rows.filter(pk=upload.pk).first()
    if found is not None:
        _discard(found)


def _discard(upload: Upload) -> None:
    key = upload.key
    upload.delete()
    transaction.on_commit(lambda: files.discard(key))
