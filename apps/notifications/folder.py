"""The embedded mail: a folder of .eml files, and reading it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as ParsedMail
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

_NAME = re.compile(r"\d{8}T\d{6}-[0-9a-f]{16}")


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


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail in the folder. `name` is what its page is called."""

    name: str
    sender: str
    to: str
    subject: str
    sent_at: datetime
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    source: bytes


def discard(identity: str) -> None:
    """Delete the mails with a Message-ID."""
    for name, source in _all():
        if identity.encode() in source:
            _delete(name)


def forget(address: str) -> None:
    """Delete the mails to an address, and those that name it."""
    wanted = address.encode().lower()
    for name, source in _all():
        if wanted in source.lower():
            _delete(name)


def prune(*, before: datetime) -> None:
    """Delete the mails of before a moment."""
    oldest = f"{before:%Y%m%dT%H%M%S}"
    for name in names():
        if name < oldest:
            _delete(name)


def _all() -> Iterator[tuple[str, bytes]]:
    for name in names():
        mail = read(name)
        if mail is not None:
            yield name, mail.source


def _delete(name: str) -> None:
    (Path(settings.EMAIL_FILE_PATH) / f"{name}.eml").unlink(missing_ok=True)


def names() -> list[str]:
    """All mails, newest first."""
    folder = Path(settings.EMAIL_FILE_PATH or "-")  # none where mail leaves the desk
    if not folder.is_dir():
        return []
    found = (path.stem for path in folder.glob("*.eml"))
    return sorted((name for name in found if _NAME.fullmatch(name)), reverse=True)


def read(name: str) -> Kept | None:
    """A mail by its name; None if there is none, or if it isn't a name that we give."""
    if not _NAME.fullmatch(name):
        return None
    try:
        source = (Path(settings.EMAIL_FILE_PATH) / f"{name}.eml").read_bytes()
    except FileNotFoundError:
        return None
    parsed = message_from_bytes(source, _class=ParsedMail, policy=policy.default)
    return Kept(
        name=name,
        sender=str(parsed["From"]),
        to=str(parsed["To"]),
        subject=str(parsed["Subject"]),
        sent_at=parsedate_to_datetime(str(parsed["Date"])),
        text=_part(parsed, "plain"),
        html=_part(parsed, "html"),
        headers=tuple((key, str(value)) for key, value in parsed.items()),
        source=source,
    )


def _part(mail: ParsedMail, kind: str) -> str:
    body = mail.get_body((kind,))
    return str(body.get_content()) if body is not None else ""
