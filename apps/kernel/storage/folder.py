"""Files in a folder of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.http import FileResponse

from apps.kernel.errors import NotFoundError
from apps.kernel.storage import Arrived, Grant, Kept, NeverArrivedError, Showing

_PUBLIC_SECONDS = 3600


class Folder(FileSystemStorage):
    def grant(self, key: str, *, size: int) -> Grant | None:  # noqa: ARG002 - there is no such door
        return None

    @contextmanager
    def arrived(self, key: str) -> Iterator[Arrived]:
        try:
            file = Path(self.path(key)).open("rb")  # noqa: SIM115 - closed below
        except FileNotFoundError as error:
            raise NeverArrivedError from error
        with file:
            status = os.fstat(file.fileno())
            yield Arrived(key=key, file=file, size=status.st_size, mark=str(status.st_ino))

    def settle(self, arrived: Arrived, key: str, *, content_type: str) -> None:  # noqa: ARG002
        """From the open file: what another one put in its place has no part in it."""
        arrived.file.seek(0)
        self.save(key, File(arrived.file))

    def serve(self, key: str, showing: Showing) -> FileResponse:
        """The bytes themselves; nothing in them may run in the desk's name."""
        try:
            file = self.open(key)
        except FileNotFoundError as error:
            raise NotFoundError from error
        response = FileResponse(
            file,
            as_attachment=not showing.is_inline,
            filename=showing.name,
            content_type=showing.content_type if showing.is_inline else "application/octet-stream",
        )
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        response["Cache-Control"] = (
            f"public, max-age={_PUBLIC_SECONDS}" if showing.is_public else "private, no-store"
        )
        return response

    def walk(self, folder: str) -> Iterator[Kept]:
        """Folder by folder: only the names of one are in memory at a time."""
        top = Path(self.path(folder))
        for here, folders, files in os.walk(top):
            folders.sort()
            for name in sorted(files):
                path = Path(here, name)
                try:
                    status = path.stat()
                except FileNotFoundError:  # deleted since it was listed
                    continue
                yield Kept(
                    key=path.relative_to(self.location).as_posix(),
                    size=status.st_size,
                    modified=datetime.fromtimestamp(status.st_mtime, tz=UTC),
                )

    def erase(self, key: str) -> None:
        self.delete(key)

    def restore(self, key: str) -> bool:  # noqa: ARG002 - a folder keeps no versions
        return False
