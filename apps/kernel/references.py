"""Names for things that leave the desk: unguessable refs, signed Message-IDs. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

# Crockford's base 32: no I, L, O, U, so that a ref survives being read aloud.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
REF_LENGTH = 16  # 80 bits
_MESSAGE_ID = re.compile(
    r"<(?P<body>t\.(?P<ref>[0-9a-hjkmnp-tv-z]{16})\.(?P<message>\d{1,19}))\.(?P<mac>[0-9a-f]{20})@"
)


def new_ref() -> str:
    """A public name for a row: 16 characters, 80 random bits."""
    return ref_from(secrets.randbits(5 * REF_LENGTH))


def is_ref(text: str) -> bool:
    return len(text) == REF_LENGTH and set(text) <= set(_ALPHABET)


def ref_from(number: int) -> str:
    """A number below 2**80 spelt as a ref."""
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(REF_LENGTH))


def _mac(body: str, key: str) -> str:
    return hmac.new(key.encode(), f"message-id:{body}".encode(), hashlib.sha256).hexdigest()[:20]


def message_id(*, ticket_ref: str, message: int, key: str, domain: str) -> str:
    """Our own Message-ID (RFC 5322), signed so that a forged one never threads.

    `message` is the message's id, or 0 for the ticket itself (the root of its mail thread).
    """
    body = f"t.{ticket_ref}.{message}"
    return f"<{body}.{_mac(body, key)}@{domain}>"


def read_message_id(text: str, *, key: str) -> tuple[str, int] | None:
    """The ticket's ref and the message's id behind a Message-ID of ours; None for any other."""
    match = _MESSAGE_ID.match(text.strip())
    if match is None or not hmac.compare_digest(match["mac"], _mac(match["body"], key)):
        return None
    return match["ref"], int(match["message"])
