"""Signatures by which a receiver knows that a webhook is ours, and of now. Pure.

`Tendril-Signature: t=<unix seconds>,v1=<hex>[,v1=<hex>…]`, where each v1 is HMAC-SHA256 of
`<t>.<body>` with one of the secrets that are good at that moment. A receiver takes a request if one
of them is right and `t` is of the last minutes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

HEADER = "Tendril-Signature"
TOLERANCE = 300  # seconds
_PREFIX = "whsec_"


def secret(key: str, *, ref: str, generation: int) -> str:
    """An endpoint's secret: made from the desk's key, so that no database holds it."""
    mac = hmac.new(key.encode(), f"webhook:{ref}:{generation}".encode(), hashlib.sha256)
    return _PREFIX + base64.urlsafe_b64encode(mac.digest()).decode().rstrip("=")


def signature(body: bytes, *, secrets: Iterable[str], at: int) -> str:
    """The header's value. `at` is in unix seconds."""
    return ",".join([f"t={at}", *(f"v1={_mac(each, at, body)}" for each in secrets)])


def holds(header: str, body: bytes, *, secret: str, now: int) -> bool:
    """What a receiver asks: signed with this secret, within TOLERANCE of now."""
    pairs = [part.partition("=")[::2] for part in header.split(",")]
    times = [value for name, value in pairs if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdecimal()):
        return False
    at = int(times[0])
    given = [value for name, value in pairs if name == "v1"]
    expected = _mac(secret, at, body).encode()
    return abs(now - at) <= TOLERANCE and any(
        hmac.compare_digest(expected, value.encode()) for value in given
    )


def _mac(secret: str, at: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
