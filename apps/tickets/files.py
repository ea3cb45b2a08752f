"""Bytes of attachments: kept before the action that makes their rows (apps.kernel.uploads)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.core.files.base import File
from django.http import HttpResponseBase

from apps.kernel import uploads
from apps.kernel.errors import DomainError
from apps.kernel.storage import ARRIVING, Grant, Showing
from apps.kernel.storage import store as storage
from apps.kernel.uploads import INLINE_TYPES, StoredFile, clean_name, discard, erase, sniff
from apps.tickets.models import Attachment

__all__ = [
    "FOLDER",
    "INLINE_TYPES",
    "StoredFile",
    "clean_name",
    "discard",
    "grant",
    "new_arrival",
    "serve",
    "settled",
    "sniff",
    "store",
    "stored",
    "stored_before",
]

FOLDER = "attachments"


def store(upload: File) -> StoredFile:  # type: ignore[type-arg]
    """Check and keep an upload. Raises FileRefusedError; then nothing is kept."""
    return uploads.keep(upload, folder=FOLDER, limit=settings.ATTACHMENT_MAX_BYTES)


def stored_before(moment: datetime) -> Iterator[str]:
    """Keys of every attachment stored before a moment."""
    yield from uploads.stored_before(FOLDER, moment)


@contextmanager
def stored(uploaded: Sequence[File]) -> Iterator[list[StoredFile]]:  # type: ignore[type-arg]
    """The uploads, kept; thrown away again if what they were for is refused."""
    kept: list[StoredFile] = []
    try:
        for upload in uploaded:
            kept.append(store(upload))  # noqa: PERF401 - what is kept is thrown away below
        yield kept
    except DomainError:
        for one in kept:
            erase(one.key)
        raise


@contextmanager
def settled(arriving: str, *, name: str) -> Iterator[StoredFile]:
    """What a browser sent straight to the storage, kept; likewise.

    Raises NeverArrivedError, FileRefusedError, FilesAwayError.
    """
    with storage().arrived(arriving) as arrived:
        kept = uploads.settle(
            arrived, name=name, folder=FOLDER, limit=settings.ATTACHMENT_MAX_BYTES
        )
    try:
        yield kept
    except DomainError:
        erase(kept.key)
        raise
    erase(arriving)


def grant(arriving: str, *, name: str, size: int) -> Grant | None:
    """Where a browser may send a file; None for the desk itself. Raises FileRefusedError."""
    uploads.check_size(clean_name(name), size, limit=settings.ATTACHMENT_MAX_BYTES)
    return storage().grant(arriving, size=size)


def new_arrival() -> str:
    """A key to send a file to. Whatever is never confirmed goes by the storage's own rules."""
    return f"{ARRIVING}/{uuid.uuid4().hex}"


def serve(attachment: Attachment) -> HttpResponseBase:
    """A file, as a download unless it is a picture. Raises NotFoundError, FilesAwayError."""
    showing = Showing(
        name=attachment.name,
        content_type=attachment.content_type,
        is_inline=attachment.content_type in INLINE_TYPES,
    )
    return storage().serve(attachment.key, showing)
