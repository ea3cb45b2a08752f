"""What a provider's tokens must be before a word of them is believed.

Only RS256, and only keys that the provider itself shows: what a token says of its own key (`jwk`,
`jku`, `x5u`) is never followed, and a token that insists on something (`crit`) is refused.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import jwt
from jwt.exceptions import PyJWTError

from apps.accounts.errors import TokenRefusedError
from apps.accounts.identity import Provider

ALGORITHM = "RS256"
LEEWAY = 30  # seconds by which clocks may differ
LONGEST = 16 * 1024  # characters
_FOREIGN = frozenset({"crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"})
_ACCESS_TYPES = frozenset({"at+jwt", "application/at+jwt"})  # RFC 9068

Claims = Mapping[str, Any]


def access_claims(provider: Provider, token: str) -> Claims:
    """What an access token says that was made for this desk's API.

    Raises TokenRefusedError, always the same, and ProviderUnreachableError.
    """
    header = _header(token)
    claims = _verified(provider, token, header)
    if provider.signs_apart:
        is_ours = claims.get("token_use") == "access" and claims.get("client_id") in (
            provider.clients
        )
    else:
        kind = str(header.get("typ", "")).lower()
        is_ours = kind in _ACCESS_TYPES and bool(_audience(claims) & provider.clients)
    if not is_ours:
        raise TokenRefusedError
    return claims


def id_claims(provider: Provider, token: str, *, nonce: str) -> Claims:
    """What the id token of one sign-in says, which carries this sign-in's nonce."""
    claims = _verified(provider, token, _header(token))
    audience = _audience(claims)
    is_ours = provider.client in audience and (
        len(audience) == 1 or claims.get("azp") == provider.client
    )
    if provider.signs_apart:
        is_ours = is_ours and claims.get("token_use") == "id"
    told = claims.get("nonce")
    if not is_ours or not isinstance(told, str) or not hmac.compare_digest(told, nonce):
        raise TokenRefusedError
    return claims


def _header(token: str) -> Mapping[str, Any]:
    try:
        header = jwt.get_unverified_header(token) if len(token) <= LONGEST else {}
    except PyJWTError as error:
        raise TokenRefusedError from error
    if header.get("alg") != ALGORITHM or _FOREIGN & set(header):
        raise TokenRefusedError
    return header


def _verified(provider: Provider, token: str, header: Mapping[str, Any]) -> Claims:
    kid = header.get("kid")
    key = provider.keys.find(kid) if isinstance(kid, str) else None
    if key is None:
        raise TokenRefusedError
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[ALGORITHM],
            issuer=provider.issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "sub"], "verify_aud": False},
        )
    except PyJWTError as error:
        raise TokenRefusedError from error
    if not claims["sub"]:
        raise TokenRefusedError
    return claims


def _audience(claims: Claims) -> set[str]:
    told = claims.get("aud")
    parts = told if isinstance(told, list) else [told]
    return {part for part in parts if isinstance(part, str)}
