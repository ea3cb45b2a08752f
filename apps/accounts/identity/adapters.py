"""IDENTITY_URL's schemes. Each takes the split URL and says what the provider is.

    local:
    cognito+https://cognito-idp.REGION.amazonaws.com/POOL?client=ID&pages=https://PAGES
    oidc+https://ISSUER?client=ID

Parameters: `client` (the desk's id at the provider), `pages` (the origin of Cognito's hosted
pages), `groups` (the claim that holds groups; empty: roles are given by hand), `apps` (ids of
clients besides the desk whose access tokens the API takes, with commas), `to` (Cognito: the
provider that federates in it and is shown at once), `acr` (values that mean a second factor, with
commas), `mfa=always` (nobody gets in there without one, whatever its tokens say). The secret is
IDENTITY_SECRET.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable
from urllib.parse import SplitResult, parse_qs

import requests
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.accounts.identity import Identity, Provider, SignOut
from apps.accounts.identity.keys import Keys
from apps.accounts.identity.web import read

DISCOVERY = "/.well-known/openid-configuration"
_POOL = re.compile(r"/(?P<pool>(?P<region>[a-z]{2}(-[a-z]+)+-\d)_[A-Za-z0-9]+)/?")
KEPT, AWAY = 3600, 30  # seconds: until a description is read again, and after it could not be
_KNOWN = frozenset({"client", "pages", "groups", "apps", "to", "acr", "mfa"})


def local(_: SplitResult) -> Identity:
    return Identity()


def cognito(at: SplitResult) -> Identity:
    """A user pool. Its tokens name AWS as their issuer wherever the pool itself is asked."""
    found = _POOL.fullmatch(at.path)
    if found is None:
        raise _bad(at, "the path is the id of a user pool, such as eu-central-1_AbCdEfGhI")
    given = _parameters(at, needed=("client", "pages"))
    base = f"{at.scheme.removeprefix('cognito+')}://{at.netloc}"
    pool, region = found["pool"], found["region"]
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return Identity(
        provider=Provider(
            id="cognito",
            issuer=f"https://cognito-idp.{region}.{domain}/{pool}",
            discovery=f"{base}/{pool}{DISCOVERY}",
            client=given["client"],
            secret=_secret(at),
            keys=Keys(lambda: f"{base}/{pool}/.well-known/jwks.json"),
            groups_claim=given.get("groups", "cognito:groups"),
            signs_apart=True,
            clients=_list(given, "apps") | {given["client"]},
            sign_out=lambda: SignOut(
                url=f"{given['pages'].rstrip('/')}/logout", client="client_id", back="logout_uri"
            ),
            straight_to=given.get("to", ""),
            strong=_list(given, "acr"),
            always_strong=given.get("mfa") == "always",
        )
    )


def oidc(at: SplitResult) -> Identity:
    """Any provider that describes itself. `pages` is not asked: it says where its pages are."""
    given = _parameters(at, needed=("client",))
    issuer = f"{at.scheme.removeprefix('oidc+')}://{at.netloc}{at.path}"
    discovery = issuer.rstrip("/") + DISCOVERY
    return Identity(
        provider=Provider(
            id="oidc",
            issuer=issuer,
            discovery=discovery,
            client=given["client"],
            secret=_secret(at),
            keys=Keys(functools.partial(_keys_of, discovery)),
            groups_claim=given.get("groups", "groups"),
            signs_apart=False,
            clients=_list(given, "apps") | {given["client"]},
            sign_out=_sign_out_of(discovery),
            strong=_list(given, "acr"),
            always_strong=given.get("mfa") == "always",
        )
    )


def _keys_of(discovery: str) -> str:
    return str(read(discovery)["jwks_uri"])


def _sign_out_of(discovery: str) -> Callable[[], SignOut | None]:
    """OpenID Connect RP-Initiated Logout 1.0. Read once an hour: anybody may open the page."""
    known: SignOut | None = None
    read_again = 0.0  # on the clock of time.monotonic

    def sign_out() -> SignOut | None:
        nonlocal known, read_again
        now = time.monotonic()
        if now >= read_again:
            read_again = now + AWAY
            try:
                url = read(discovery).get("end_session_endpoint")
            except (requests.RequestException, ValueError):
                return known
            known = _rp_initiated(url) if url else None
            read_again = now + KEPT
        return known

    return sign_out


def _rp_initiated(url: str) -> SignOut:
    return SignOut(url=url, client="client_id", back="post_logout_redirect_uri")


def _parameters(at: SplitResult, *, needed: tuple[str, ...]) -> dict[str, str]:
    given = {key: values[-1] for key, values in parse_qs(at.query, keep_blank_values=True).items()}
    unknown = sorted(set(given) - _KNOWN)
    if unknown:
        raise _bad(at, f"unknown parameter {unknown[0]!r}, use {', '.join(sorted(_KNOWN))}")
    if given.get("mfa", "always") != "always":
        raise _bad(at, "mfa= is always, or left out")
    missing = [name for name in needed if not given.get(name)]
    if missing:
        raise _bad(at, f"?{missing[0]}= is missing")
    return given


def _list(given: dict[str, str], name: str) -> frozenset[str]:
    return frozenset(part for part in given.get(name, "").split(",") if part)


def _secret(at: SplitResult) -> str:
    secret: str = settings.IDENTITY_SECRET
    if not secret:
        raise ImproperlyConfigured(
            f"IDENTITY_SECRET is not set: the secret of the client in IDENTITY_URL ({at.scheme}:)"
        )
    return secret


def _bad(at: SplitResult, why: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"IDENTITY_URL={at.geturl()!r}: {why}")
