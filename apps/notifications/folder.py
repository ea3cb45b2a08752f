"""The embedded mail: a folder of .eml files, and reading it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import gettext as _

from apps.kernel.ports import Location
from apps.notifications.outbox import NAME, Kept, parsed


class FolderBackend(BaseEmailBackend):
    """Writes each mail as a file named after its date, Message-ID and recipient.

    Written beside, synced, then renamed: a reader never sees half a mail, and the same mail sent
    again is the same file.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        for mail in email_messages:
            message = mail.message()
            moment = parsedate_to_datetime(str(message["Date"]))
            identity = f"{message['Message-ID']} {' '.join(mail.recipients())}"
            digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
            _write(folder / f"{moment:%Y%m%dT%H%M%S}-{digest}.eml", message.as_bytes())
        return len(email_messages)


def _write(path: Path, content: bytes) -> None:
    draft = path.with_suffix(f".{os.getpid()}.draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


class FolderCarrier:
    def __init__(self, location: Location) -> None:
        self.location = location

    def prove(self) -> str:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        proof = folder / f"proof.{os.getpid()}.mail"  # which no page lists
        try:
            _write(proof, b"proof")
            proof.read_bytes()
        finally:
            proof.unlink(missing_ok=True)
        return _("wrote, read and deleted a file in %s") % folder

    def readmit(self, address: str) -> None:
        """A folder refuses nobody."""


class FolderOutbox:
    is_readable = True

    def __init__(self, location: Location) -> None:
        self.location = location

    @property
    def folder(self) -> Path:
        return Path(settings.EMAIL_FILE_PATH or "-")

    def names(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        found = (path.stem for path in self.folder.glob("*.eml"))
        return sorted((name for name in found if NAME.fullmatch(name)), reverse=True)

    def read(self, name: str) -> Kept | None:
        if not NAME.fullmatch(name):
            return None
        try:
            source = (self.folder / f"{name}.eml").read_bytes()
        except FileNotFoundError:
            return None
        return parsed(name, source)

    def discard(self, identity: str) -> None:
        for name, source in self._all():
            if identity.encode() in source:
                self._delete(name)

    def forget(self, address: str) -> None:
        # ann@example.com is in joann@example.com, and in ann@example.com.au.
        part = rb"[\w.!#$%&'*+/=?^`{|}~-]"
        whole = rb"(?<!%b)%b(?!\.?[\w-])" % (part, re.escape(address.encode()))
        wanted = re.compile(whole, re.IGNORECASE)
        for name, source in self._all():
            if wanted.search(source):
                self._delete(name)

    def prune(self, *, before: datetime) -> None:
        oldest = f"{before:%Y%m%dT%H%M%S}"
        for name in self.names():
            if name < oldest:
                self._delete(name)

    def _all(self) -> Iterator[tuple[str, bytes]]:
        for name in self.names():
            mail = self.read(name)
            if mail is not None:
                yield name, mail.source

    def _delete(self, name: str) -> None:
        (self.folder / f"{name}.eml").unlink(missing_ok=True)
