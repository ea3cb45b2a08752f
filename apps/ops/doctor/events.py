from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.events.facts import Fact


def subject_of(token: str) -> str:
    return f"probe:{token}"


def token_in(subject: str) -> str:
    return subject.partition(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskExamined(Fact):
    """The doctor looked whether facts are heard; nothing else happened."""

    name: ClassVar[str] = "desk.examined"
    words: ClassVar[Promise] = _("The doctor looked whether facts are heard.")
