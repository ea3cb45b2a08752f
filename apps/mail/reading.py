"""A raw mail, as far as it can be read: whatever was sent, something is shown. Pure.

Anybody can send anything, and the library's parser of addresses and content types takes time with
the square of a header's length: all that it is given is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import policy
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser, BytesParser
from itertools import islice
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded

from apps.kernel.text import one_line

MOST = 200_000  # characters of a part that a page shows
MOST_HEADERS = 200  # that a page shows
MOST_PARTS = 200  # that a page names
LONGEST_HEADER = 2_000  # characters of one that are looked at
HEADER_WORK = 200_000  # characters of headers that are looked at to find a mail's parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a mail says of itself, each on one line, decoded; "" where it doesn't say."""

    sender: str
    to: str
    subject: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """`headers` and `attachments` end where MOST_HEADERS and MOST_PARTS do."""

    head: Head
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    attachments: tuple[str, ...]


def head(raw: bytes) -> Head:
    """Only the headers are looked at, so that any mail can be taken in soon."""
    return _head(_headers(raw))


def shown(raw: bytes) -> Shown:
    headers = _headers(raw)
    bounded = policy.default.clone(header_factory=_Bounded())
    parser = BytesParser(EmailMessage, policy=bounded)
    mail: EmailMessage = _try(lambda: parser.parsebytes(raw), EmailMessage())
    return Shown(
        head=_head(headers),
        headers=tuple((_plain(name), _decoded(value)) for name, value in headers[:MOST_HEADERS]),
        text=_part(mail, "plain"),
        html=_part(mail, "html"),
        attachments=tuple(_try(lambda: list(islice(_names(mail), MOST_PARTS)), ())),
    )


class _Bounded(HeaderRegistry):
    """The library's, up to so much work; it takes what comes after for headers without a value.

    The library asks for each header many times.
    """

    def __init__(self) -> None:
        super().__init__()
        self.left = HEADER_WORK
        self.known: dict[tuple[str, str], Any] = {}

    def __call__(self, name: str, value: str) -> Any:
        asked = name, value[:LONGEST_HEADER]
        if asked not in self.known:
            self.left -= len(asked[1])
            self.known[asked] = super().__call__(name, asked[1] if self.left > 0 else "")
        return self.known[asked]


_HEADERS = BytesHeaderParser(policy=policy.compat32)  # which leaves them as they came
_plainly = HeaderRegistry(use_default_map=False)  # decodes words and knows no other grammar


def _headers(raw: bytes) -> list[tuple[str, str]]:
    mail: Message = _try(lambda: _HEADERS.parsebytes(raw), Message())
    return [(name, str(value)) for name, value in mail.raw_items()]


def _head(headers: list[tuple[str, str]]) -> Head:
    first: dict[str, str] = {}
    for name, value in headers:
        first.setdefault(name.lower(), value)

    def told(name: str) -> str:
        return one_line(_decoded(first.get(name, "")))

    return Head(
        sender=told("from"),
        to=told("to"),
        subject=told("subject"),
        message_id=told("message-id"),
    )


def _decoded(value: str) -> str:
    joined = "".join(value[:LONGEST_HEADER].splitlines())
    return _plain(_try(lambda: _plainly("x", joined), joined))


def _try(read: Callable[[], Any], otherwise: Any) -> Any:
    """The library's parser raises many things for what people and machines send."""
    try:
        return read()
    except SoftTimeLimitExceeded:  # that is not about the mail: the job has to end
        raise
    except Exception:  # noqa: BLE001 - see above
        return otherwise


def _plain(text: object) -> str:
    """Without NUL, which PostgreSQL takes nowhere, and without halves of characters."""
    return str(text).replace("\0", "").encode("utf-8", "replace").decode()


def _part(mail: EmailMessage, kind: str) -> str:
    def read() -> str:
        body = mail.get_body((kind,))
        return str(body.get_content()) if body is not None else ""

    return _plain(_try(read, ""))[:MOST]


def _names(mail: EmailMessage) -> Iterator[str]:
    for part in mail.iter_attachments():
        yield _plain(part.get_filename() or part.get_content_type())
