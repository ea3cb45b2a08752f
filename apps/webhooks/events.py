from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.events.facts import Fact


def subject_of(endpoint_id: int) -> str:
    return f"webhook:{endpoint_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRegistered(Fact):
    name: ClassVar[str] = "webhook.registered"
    words: ClassVar[Promise] = _("A webhook was added.")
    facts: tuple[str, ...]
    internal: bool
    organisation_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChanged(Fact):
    """`changed` names the fields; what it hears now is said anew."""

    name: ClassVar[str] = "webhook.changed"
    words: ClassVar[Promise] = _("A webhook was changed.")
    changed: tuple[str, ...]
    facts: tuple[str, ...]
    internal: bool
    organisation_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSecretRotated(Fact):
    """The secret before is good until `previous_until`, in ISO 8601."""

    name: ClassVar[str] = "webhook.secret_rotated"
    words: ClassVar[Promise] = _("A webhook got a new secret.")
    previous_until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPaused(Fact):
    name: ClassVar[str] = "webhook.paused"
    words: ClassVar[Promise] = _("Somebody switched a webhook off.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookResumed(Fact):
    name: ClassVar[str] = "webhook.resumed"
    words: ClassVar[Promise] = _("Somebody switched a webhook on again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDisabled(Fact):
    """It failed for days, or said itself that it is gone."""

    name: ClassVar[str] = "webhook.disabled"
    words: ClassVar[Promise] = _("A webhook was switched off, since it failed for days or is gone.")
    failures: int
    why: str
