"""Where mail that came in is kept as it came: SES puts it into a bucket, a laptop into a folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import DomainError
from apps.kernel.ports import Port


class InboxAwayError(DomainError):
    code = "mail.away"
    status = 503
    message = _("The mail that came in can't be reached right now. Nothing of it is lost.")


class RawMissingError(DomainError):
    code = "mail.missing"
    status = 404
    message = _("The mail itself is not where it was kept.")


class UnfedError(DomainError):
    """Mail can be kept here, and nobody brings it. The message says whose rules are missing."""

    code = "mail.unfed"
    status = 503


class KeptElsewhereError(DomainError):
    code = "mail.elsewhere"
    status = 404
    message = _("The mail itself is kept where MAIL_URL no longer leads: look at its store.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A mail as it came, by its key in the store."""

    key: str
    size: int  # bytes
    at: datetime


class Inbox(Protocol):
    """All raise InboxAwayError."""

    store: str  # the bucket's name, or "folder"
    announces: bool  # whether somebody tells the desk of each mail: else it has to look

    def walk(self) -> Iterator[Raw]:
        """Every mail that is kept, read as it is asked for."""

    def read(self, key: str) -> bytes:
        """Raises RawMissingError."""

    def prove(self) -> str:
        """Show that mail comes in here and can be read. Returns what was done, and what wasn't.

        Raises UnfedError.
        """

    def erase(self, key: str) -> None:
        """Delete it with all older versions: nothing brings it back. Gone is no error."""


inbox: Port[Inbox] = Port(
    "MAIL_URL",
    {
        "folder": "apps.mail.inbox.folder.FolderInbox",
        "smtp": "apps.mail.inbox.folder.FolderInbox",
        "smtp+starttls": "apps.mail.inbox.folder.FolderInbox",
        "smtps": "apps.mail.inbox.folder.FolderInbox",
        "ses": "apps.mail.inbox.s3.inbox_of",
    },
)
