"""The mail that left, where it can still be read: a laptop's folder, or what a local AWS holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as ParsedMail
from email.utils import parsedate_to_datetime
from typing import Protocol

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import DomainError
from apps.kernel.ports import Location, Port

NAME = re.compile(r"\d{8}T\d{6}-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail in the outbox. `name` is what its page is called."""

    name: str
    sender: str
    to: str
    subject: str
    sent_at: datetime
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    source: bytes


class OutboxAwayError(DomainError):
    code = "outbox.away"
    status = 503
    message = _("What was sent can't be read right now. Try again in a moment.")


class Outbox(Protocol):
    """Reading raises OutboxAwayError. Where nothing can be deleted, that does nothing."""

    is_readable: bool  # whether there is anything that a page could show

    def names(self) -> list[str]:
        """All mails, newest first."""

    def read(self, name: str) -> Kept | None:
        """A mail by its name; None if there is none, or if it isn't a name that we give."""

    def discard(self, identity: str) -> None:
        """Delete the mails with a Message-ID."""

    def forget(self, address: str) -> None:
        """Delete the mails to an address, and those that name it, but not as a part of another."""

    def prune(self, *, before: datetime) -> None:
        """Delete the mails of before a moment."""


class Gone:
    """Mail that left for good: there is nothing to read, and nothing to delete."""

    is_readable = False

    def __init__(self, location: Location | None = None) -> None:
        self.location = location

    def names(self) -> list[str]:
        return []

    def read(self, name: str) -> Kept | None:  # noqa: ARG002
        return None

    def discard(self, identity: str) -> None:
        """Nothing is kept here."""

    def forget(self, address: str) -> None:
        """Nothing is kept here."""

    def prune(self, *, before: datetime) -> None:
        """Nothing is kept here."""


outbox: Port[Outbox] = Port(
    "MAIL_URL",
    {
        "folder": "apps.notifications.folder.FolderOutbox",
        "smtp": "apps.notifications.outbox.Gone",
        "smtp+starttls": "apps.notifications.outbox.Gone",
        "smtps": "apps.notifications.outbox.Gone",
        "ses": "apps.notifications.ses_outbox.outbox_of",
    },
)


def parsed(name: str, source: bytes) -> Kept:
    mail = message_from_bytes(source, _class=ParsedMail, policy=policy.default)
    return Kept(
        name=name,
        sender=str(mail["From"]),
        to=str(mail["To"]),
        subject=str(mail["Subject"]),
        sent_at=_moment(str(mail["Date"])),
        text=_part(mail, "plain"),
        html=_part(mail, "html"),
        headers=tuple((key, str(value)) for key, value in mail.items()),
        source=source,
    )


def _moment(date: str) -> datetime:
    moment = parsedate_to_datetime(date)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # "-0000" is UTC all the same


def _part(mail: ParsedMail, kind: str) -> str:
    body = mail.get_body((kind,))
    return str(body.get_content()) if body is not None else ""
