"""Bytes of attachments: kept before the action that makes their rows (apps.kernel.uploads)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.core.files.base import File

from apps.kernel import uploads
from apps.kernel.errors import DomainError
from apps.kernel.uploads import INLINE_TYPES, StoredFile, clean_name, discard, sniff

__all__ = [
    "FOLDER",
    "INLINE_TYPES",
    "StoredFile",
    "clean_name",
    "discard",
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
            discard(one)
        raise
