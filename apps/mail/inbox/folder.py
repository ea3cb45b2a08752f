from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG

from django.conf import settings
from django.utils.translation import gettext as _

from apps.kernel.ports import Location
from apps.mail.inbox import InboxAwayError, Raw, RawMissingError

_NAME = re.compile(r"[^/\0]{1,200}\.eml")


class FolderInbox:
    """Files that end in .eml, as a mail program saves them: whoever puts one there has sent it."""

    store = "folder"
    announces = False

    def __init__(self, location: Location) -> None:
        self.location = location

    @property
    def folder(self) -> Path:
        return Path(settings.INBOX_FOLDER)

    def walk(self) -> Iterator[Raw]:
        for name in self._names():
            path = self.folder / name
            try:
                known = path.lstat()
            except FileNotFoundError:  # it was taken away just now
                continue
            except OSError as error:
                raise InboxAwayError from error
            if S_ISREG(known.st_mode):
                at = datetime.fromtimestamp(known.st_mtime, UTC)
                yield Raw(key=name, size=known.st_size, at=at)

    def _names(self) -> list[str]:
        """None where nobody has put any mail yet."""
        try:
            return sorted(p.name for p in self.folder.iterdir() if _NAME.fullmatch(p.name))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InboxAwayError from error

    def read(self, key: str) -> bytes:
        path = self._path(key)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise RawMissingError from None
        except OSError as error:
            raise InboxAwayError from error

    def erase(self, key: str) -> None:
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise InboxAwayError from error

    def prove(self) -> str:
        proof = self.folder / f"proof.{os.getpid()}.mail"  # which is no mail, by its name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                proof.write_bytes(b"proof")
                proof.read_bytes()
            finally:
                proof.unlink(missing_ok=True)
        except OSError as error:
            raise InboxAwayError from error
        return _("wrote, read and deleted a file in %s") % self.folder

    def _path(self, key: str) -> Path:
        path = self.folder / key
        if not _NAME.fullmatch(key) or path.is_symlink():
            raise RawMissingError
        return path
