"""A raw mail, as far as it can be read: whatever was sent, something is shown. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from apps.kernel.text import one_line

MOST = 200_000  # characters of a part that a page shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    sender: str
    to: str
    subject: str
    message_id: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    attachments: tuple[str, ...]


def shown(raw: bytes) -> Shown:
    mail = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    return Shown(
        sender=_header(mail, "From"),
        to=_header(mail, "To"),
        subject=_header(mail, "Subject"),
        message_id=_header(mail, "Message-ID"),
        headers=tuple((_plain(name), _header_at(mail, n)) for n, name in enumerate(mail.keys())),
        text=_part(mail, "plain"),
        html=_part(mail, "html"),
        attachments=tuple(_try(lambda: _names(mail), ())),
    )


def _try(read: Callable[[], Any], otherwise: Any) -> Any:
    """The library's parser raises many things for what people and machines send."""
    try:
        return read()
    except Exception:  # noqa: BLE001 - see above
        return otherwise


def _plain(text: object) -> str:
    """Without NUL, which PostgreSQL takes nowhere, and without halves of characters."""
    return str(text).replace("\0", "").encode("utf-8", "replace").decode()


def _header(mail: EmailMessage, name: str) -> str:
    return one_line(_plain(_try(lambda: mail[name], "") or ""))


def _header_at(mail: EmailMessage, place: int) -> str:
    return _plain(_try(lambda: mail.values()[place], ""))


def _part(mail: EmailMessage, kind: str) -> str:
    def read() -> str:
        body = mail.get_body((kind,))
        return str(body.get_content()) if body is not None else ""

    return _plain(_try(read, ""))[:MOST]


def _names(mail: EmailMessage) -> list[str]:
    return [
        _plain(part.get_filename() or part.get_content_type()) for part in mail.iter_attachments()
    ]
