"""What a provider's claims tell of a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.accounts.identity import Provider
from apps.accounts.permissions import Role
from apps.kernel.text import one_line

_ORDER = (Role.ADMINISTRATOR, Role.TEAM_LEAD, Role.AGENT, Role.REQUESTER)
# Not at spaces: "Printer administrator" is one group, and another one than "administrator".
_SEPARATORS = re.compile(r"[,;\[\]\"]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`role` is None where the provider doesn't decide it; `email` is in lower case, or empty."""

    uid: str
    email: str
    is_verified: bool
    name: str
    role: Role | None
    is_strong: bool


def told_by(provider: Provider, claims: Mapping[str, Any]) -> Told:
    return Told(
        uid=provider.uid(str(claims["sub"])),
        email=_address(claims.get("email")),
        is_verified=_is_true(claims.get("email_verified")),
        name=_name(claims),
        role=role_in(provider, claims),
        is_strong=is_strong(provider, claims),
    )


def is_strong(provider: Provider, claims: Mapping[str, Any]) -> bool:
    """Whether the person showed a second factor there (RFC 8176, or as the provider words it)."""
    asked = "mfa" in _words(claims.get("amr")) or claims.get("acr") in provider.strong
    return provider.always_strong or asked


def role_in(provider: Provider, claims: Mapping[str, Any]) -> Role | None:
    """The highest role that a group stands for; who is in none is a requester."""
    if not provider.groups_claim:
        return None
    groups = _words(claims.get(provider.groups_claim))
    held = {Role(role) for group, role in settings.IDENTITY_GROUPS.items() if group in groups}
    return next((role for role in _ORDER if role in held), Role.REQUESTER)


def _is_true(value: object) -> bool:
    """Cognito says "true" and "false" in text at places; "false" must not count as something."""
    return value is True or value == "true"


def _address(value: object) -> str:
    address = str(value or "").strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address


def _name(claims: Mapping[str, Any]) -> str:
    both = f"{claims.get('given_name') or ''} {claims.get('family_name') or ''}"
    return one_line(str(claims.get("name") or both))[:120]


def _words(value: object) -> frozenset[str]:
    """A list, or a list written as text: attributes of user pools hold nothing else."""
    if isinstance(value, str):
        return frozenset(part.strip() for part in _SEPARATORS.split(value) if part.strip())
    if isinstance(value, list):
        return frozenset(str(part) for part in value)
    return frozenset()
