"""Where files are kept: Django's storage, and what a desk asks of one beyond that.

FILES_URL chooses: `file:` (a folder) or `s3:` (S3, with CloudFront in front of it if wanted). Both
take the same keys, which are ours: a folder, a day, a random name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol, cast

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import DomainError

ARRIVING = "arriving"  # the folder of what browsers sent and nobody confirmed yet


class FilesAwayError(DomainError):
    code = "files.away"
    status = 503
    message = _("Files can't be reached right now. Nothing is lost: try again in a minute.")


class NeverArrivedError(DomainError):
    code = "files.never-arrived"
    status = 409
    message = _("This file did not arrive. Add it again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Where a browser may post one file: `fields` go before it, as a form's, it goes as "file"."""

    url: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    key: str
    size: int  # bytes
    modified: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How a file is handed out. What isn't inline is a download, of no type that could run."""

    name: str
    content_type: str
    is_inline: bool
    is_public: bool = False  # caches on the way may keep it


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What a browser sent: its bytes, seekable, and which of several sendings they are."""

    key: str
    file: IO[bytes]
    size: int
    mark: str


class Store(Protocol):
    """Every method but `serve` raises FilesAwayError where the storage can't be reached."""

    # Django's own
    def save(self, name: str, content: File) -> str: ...  # type: ignore[type-arg]
    def open(self, name: str, mode: str = "rb") -> File: ...  # type: ignore[type-arg]
    def exists(self, name: str) -> bool: ...
    def delete(self, name: str) -> None: ...

    def grant(self, key: str, *, size: int) -> Grant | None:
        """Let a browser send exactly so many bytes to a key, within minutes.

        None where a browser can't: then the bytes come through the desk.
        """

    def arrived(self, key: str) -> AbstractContextManager[Arrived]:
        """Raises NeverArrivedError."""

    def settle(self, arrived: Arrived, key: str, *, content_type: str) -> None:
        """Keep what arrived, and nothing sent after it, under a key. What arrived stays too.

        Raises NeverArrivedError when something else was sent to its place meanwhile.
        """

    def serve(self, key: str, showing: Showing) -> HttpResponseBase:
        """The answer that gives a file to whoever may have it.

        Raises NotFoundError, FilesAwayError.
        """

    def walk(self, folder: str) -> Iterator[Kept]:
        """Everything in a folder, read as it is asked for."""

    def erase(self, key: str) -> None:
        """Delete a file with all older versions: nothing brings it back. Gone is no error."""

    def restore(self, key: str) -> bool:
        """Bring back the newest older version of a file that is gone; whether there was one."""


def store() -> Store:
    return cast("Store", default_storage)
