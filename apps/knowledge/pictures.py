"""Bytes of an article's pictures: kept before the action that makes their rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.files.base import File

from apps.kernel import uploads
from apps.kernel.errors import DomainError
from apps.kernel.uploads import StoredFile

FOLDER = "articles"
LIMIT = 5 * 1024 * 1024  # bytes: a page with ten of them still loads


@contextmanager
def stored(upload: File) -> Iterator[StoredFile]:  # type: ignore[type-arg]
    """The upload, kept; thrown away again if what it was for is refused."""
    kept = uploads.keep(upload, folder=FOLDER, limit=LIMIT)
    try:
        yield kept
    except DomainError:
        uploads.discard(kept)
        raise
