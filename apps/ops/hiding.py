"""Take out of a text what must not stand in a log. Pure but for the desk's own secrets.

It is the second net. The first is that nothing of the desk logs a secret, and that libraries, which
do when asked for everything (headers, signed addresses, arguments of jobs), are not asked
(project/logs.py). What is left comes in error messages that somebody else has written.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from django.conf import settings

HIDDEN = "[hidden]"
SHORTEST = 8  # characters: what is shorter is a word, such as a database's user
_NAMES = (
    "authorization|proxy-authorization|cookie|set-cookie|x-csrftoken|x-amz-security-token"
    "|csrfmiddlewaretoken|csrftoken|sessionid|session_key|password\\w*|passwd|secret\\w*|api_?key"
    "|access_token|refresh_token|id_token|client_secret|otp|token"
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Addresses: what is asked may be a signature, whoever signed it; so may be the user's part.
    (re.compile(r"(?i)([a-z][a-z0-9+.-]*://[^\s:/@\"']*):[^\s@/\"']+@"), rf"\1:{HIDDEN}@"),
    (re.compile(r"(?i)(https?://[^\s?\"'<>]+)\?[^\s\"'<>]+"), rf"\1?{HIDDEN}"),
    (re.compile(r"((?<![\w.])/[^\s?\"'<>]*)\?[^\s\"'<>]*=[^\s\"'<>]*"), rf"\1?{HIDDEN}"),
    # Links of the desk's own whose path is the secret.
    (re.compile(r"(/(?:rate|notifications/stop|password/reset/key)/)[^/\s\"'<>]+"), rf"\1{HIDDEN}"),
    # Headers and fields by their names.
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (
        re.compile(rf"(?i)(?<![\w-])((?:{_NAMES})['\"]?\s*[=:]\s*)(?!\[hidden)[^\n,}}]+"),
        rf"\1{HIDDEN}",
    ),
    # What the desk gives out begins so: API tokens, secrets of webhooks.
    (re.compile(r"\b(whsec_|tendril_)[\w-]{8,}"), rf"\1{HIDDEN}"),
    # PostgreSQL tells the values of the row that it refused.
    (
        re.compile(r"(?s)(DETAIL:\s+).*?(?=\n(?:HINT|CONTEXT)|\n\n(?:The above|During)|\Z)"),
        rf"\1{HIDDEN}",
    ),
)


def hide(text: str) -> str:
    for secret in own_secrets():
        text = text.replace(secret, HIDDEN)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


@functools.cache
def own_secrets() -> tuple[str, ...]:
    """What this process was given and must not tell, the longest first: one may hold another."""
    return tuple(sorted({one for one in _given() if len(one) >= SHORTEST}, key=len, reverse=True))


def _given() -> Iterator[str]:
    for name in ("SECRET_KEY", "IDENTITY_SECRET", "EMAIL_HOST_PASSWORD"):
        yield getattr(settings, name, "")
    yield from getattr(settings, "SECRET_KEY_FALLBACKS", ())
    yield str(settings.DATABASES["default"].get("PASSWORD") or "")
    yield from _passwords_of(
        value
        for name in dir(settings)
        if name.endswith("_URL") and isinstance(value := getattr(settings, name), str)
    )
    yield from str(settings.STORAGES["default"].get("OPTIONS", {}).get("pem", "")).splitlines()
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "DATABASE_PASSWORD"):
        yield os.environ.get(name, "")


def _passwords_of(urls: Iterable[str]) -> Iterator[str]:
    for url in urls:
        password = urlsplit(url).password or ""
        yield from (password, unquote(password))
