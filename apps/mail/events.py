from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.events.facts import Fact


def subject_of(mail_id: int) -> str:
    return f"mail:{mail_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReceived(Fact):
    """A mail came in and is kept: the subject."""

    name: ClassVar[str] = "mail.received"
    words: ClassVar[Promise] = _("A mail came in and is kept.")
    size: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReplayed(Fact):
    """Somebody had the subject read once more."""

    name: ClassVar[str] = "mail.replayed"
    words: ClassVar[Promise] = _("A mail that came in was read again.")
