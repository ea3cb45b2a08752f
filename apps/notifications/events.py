from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.events.facts import Fact


def subject_of(recipient_id: int) -> str:
    return f"recipient:{recipient_id}"


def id_in(subject: str) -> int:
    return int(subject.partition(":")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientSuppressed(Fact):
    """No more mail to the subject. `state` says why: suppressed or complained."""

    name: ClassVar[str] = "recipient.suppressed"
    words: ClassVar[Promise] = _(
        "No more mail goes to an address: it came back, or was called spam."
    )
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientCleared(Fact):
    """Mail goes to the subject again. `why` is staff, verified or reported."""

    name: ClassVar[str] = "recipient.cleared"
    words: ClassVar[Promise] = _("Mail goes to an address again.")
    why: str
