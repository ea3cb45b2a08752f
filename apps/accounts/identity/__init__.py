"""Who says who people are: the desk's own accounts alone, or a provider beside them.

A provider speaks OpenID Connect. What differs between Cognito and any other is in `adapters`; what
its tokens must hold is in `tokens`; what they tell of a person is in `claims`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from apps.accounts.identity.keys import Keys
from apps.kernel.ports import Port

LONGEST_UID = 191  # characters, of allauth's column


@dataclass(frozen=True, kw_only=True)
class SignOut:
    """The provider's page that ends its session, and what it calls its parameters."""

    url: str
    client: str
    back: str

    def leading_to(self, home: str, client: str) -> str:
        return f"{self.url}?{urlencode({self.client: client, self.back: home})}"


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One OpenID Connect provider. Its `id` stands in URLs and with each linked account."""

    id: str
    issuer: str  # as its tokens say
    discovery: str  # URL of the document that describes it
    client: str
    secret: str = field(repr=False)
    keys: Keys
    groups_claim: str  # "" where roles are given by hand
    signs_apart: bool  # access tokens say what they are for in Cognito's way, not RFC 9068's
    clients: frozenset[str]  # whose access tokens the API takes
    sign_out: Callable[[], SignOut | None]  # None: it has none, or can't be asked
    straight_to: str = ""  # which of the providers that federate in it, without its own page
    strong: frozenset[str] = frozenset()  # values of `acr` that mean a second factor
    always_strong: bool = False  # it lets nobody in with one factor

    def uid(self, subject: str) -> str:
        """What identifies a person for good. A subject alone is only unique for its issuer."""
        uid = f"{self.issuer}|{subject}"
        fits = len(uid) <= LONGEST_UID
        return uid if fits else f"sha256:{hashlib.sha256(uid.encode()).hexdigest()}"


@dataclass(frozen=True, kw_only=True)
class Identity:
    provider: Provider | None = None


ADAPTERS = {
    "local": "apps.accounts.identity.adapters.local",
    "cognito+https": "apps.accounts.identity.adapters.cognito",
    "cognito+http": "apps.accounts.identity.adapters.cognito",
    "oidc+https": "apps.accounts.identity.adapters.oidc",
    "oidc+http": "apps.accounts.identity.adapters.oidc",
}

identity: Port[Identity] = Port("IDENTITY_URL", ADAPTERS)


def provider() -> Provider | None:
    return identity.get().provider
