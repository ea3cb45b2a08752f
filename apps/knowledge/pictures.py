"""Bytes of an article's pictures: kept before the action that makes their rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

from apps.kernel import scanning, uploads
from apps.kernel.errors import DomainError
from apps.kernel.uploads import FileRefusedError, StoredFile

FOLDER = "articles"
LIMIT = 5 * 1024 * 1024  # bytes: a page with ten of them still loads


class ScannerBusyError(DomainError):
    code = "files.not-checked"
    status = 503
    message = _("Pictures can't be checked for harm right now. Try again in a minute.")


@contextmanager
def stored(upload: File) -> Iterator[StoredFile]:  # type: ignore[type-arg]
    """The upload, kept; thrown away again if what it was for is refused."""
    kept = uploads.keep(upload, folder=FOLDER, limit=LIMIT)
    try:
        _require_clean(kept)
        yield kept
    except DomainError:
        uploads.discard(kept.key)
        raise


def _require_clean(kept: StoredFile) -> None:
    """Readers see pictures at once: none waits for a scanner."""
    if kept.scan == scanning.HELD:
        raise FileRefusedError(
            _("“%(name)s” may do harm (%(finding)s). It is not kept.")
            % {"name": kept.name, "finding": kept.finding},
            name=kept.name,
        )
    if kept.scan != scanning.CLEAN:
        raise ScannerBusyError
