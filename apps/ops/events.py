"""What staff did with what was given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.events.facts import Fact


def subject_of(job_id: str) -> str:
    return f"job:{job_id}"


def subject_of_letter(key: str) -> str:
    return f"letter:{key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRetried(Fact):
    """A job that had been given up was put back into its queue."""

    name: ClassVar[str] = "job.retried"
    words: ClassVar[Promise] = _("A job that was given up is tried again.")
    task: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDropped(Fact):
    """A job that had been given up was thrown away undone."""

    name: ClassVar[str] = "job.dropped"
    words: ClassVar[Promise] = _("A job that was given up was thrown away.")
    task: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRetried(Fact):
    """A message that the worker had refused too often was put back into its queue."""

    name: ClassVar[str] = "letter.retried"
    words: ClassVar[Promise] = _("A message to the worker that was given up is tried again.")
    kind: str  # as apps.events.inbox calls it


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterDropped(Fact):
    """A message that the worker had refused too often was thrown away."""

    name: ClassVar[str] = "letter.dropped"
    words: ClassVar[Promise] = _("A message to the worker that was given up was thrown away.")
    kind: str
