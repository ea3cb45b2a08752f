"""Bytes of uploads: sniffed, hashed and stored before the action that makes their rows.

A file whose action fails, or whose process dies in between, has no row: `stored_before` finds it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import puremagic
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.kernel.errors import DomainError

_HEAD = 64 * 1024
_NAME_LIMIT, _ENDING_LIMIT = 120, 10  # characters
_MARKUP = re.compile(
    rb"<\s*(!doctype\s+html|html|head|body|script|svg|iframe|\?xml)", re.IGNORECASE
)
_OFFICE_SIGNS = (b"[Content_Types].xml", b"mimetypeapplication/")
# A browser may show these in the desk's own pages: they run nothing.
INLINE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


class FileRefusedError(DomainError):
    code = "attachment.refused"
    status = 413


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """`key` is where the storage keeps it; `name` is data; `size` in bytes."""

    key: str
    name: str
    content_type: str
    size: int
    sha256: str


def keep(upload: File, *, folder: str, limit: int) -> StoredFile:  # type: ignore[type-arg]
    """Check and store an upload of up to `limit` bytes. Raises FileRefusedError: nothing is kept.

    Its key is a day's folder within `folder` and a random name.
    """
    name = clean_name(upload.name or "file")
    if upload.size > limit:
        raise FileRefusedError(
            f"“{name}” is too large: a file may have up to {limit // 1024 // 1024} MB.", name=name
        )
    if upload.size == 0:
        raise FileRefusedError(f"“{name}” is empty. Choose it again.", name=name)
    digest, head = hashlib.sha256(), b""
    for chunk in upload.chunks():
        head = head or chunk[:_HEAD]
        digest.update(chunk)
    upload.seek(0)
    key = default_storage.save(f"{folder}/{timezone.now():%Y/%m/%d}/{uuid.uuid4().hex}", upload)
    return StoredFile(
        key=key, name=name, content_type=sniff(head), size=upload.size, sha256=digest.hexdigest()
    )


def discard(stored: StoredFile) -> None:
    default_storage.delete(stored.key)


def sniff(head: bytes) -> str:
    """The media type by content, never by name.

    What could be markup is called so, whatever else it could be: a polyglot is as dangerous as
    its most dangerous reading.
    """
    markup = _MARKUP.search(head[:4096])
    if markup:
        return "image/svg+xml" if markup[1].lower() in {b"svg", b"?xml"} else "text/html"
    if head.startswith(b"PK\x03\x04") and not any(sign in head for sign in _OFFICE_SIGNS):
        return "application/zip"  # puremagic takes every archive for a document
    try:
        found: str = puremagic.from_string(head, mime=True)
    except (puremagic.PureError, ValueError):
        found = ""
    if found:
        return found
    try:
        # The head may end inside a character: that is still text.
        head.decode() if len(head) < _HEAD else head[:-3].decode(errors="strict")
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "application/octet-stream" if b"\0" in head else "text/plain"


def clean_name(name: str) -> str:
    """A file name fit to show: no folders, control or direction-changing characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    shown = " ".join(shown.split()).strip(". ")
    if len(shown) > _NAME_LIMIT:
        stem, dot, ending = shown.rpartition(".")
        kept = dot + ending if len(ending) <= _ENDING_LIMIT else ""
        shown = (stem or shown)[: _NAME_LIMIT - len(kept) - 1] + "…" + kept
    return shown or "file"


def stored_before(folder: str, moment: datetime) -> Iterator[str]:
    """Keys of everything in a folder stored before a moment, walking its day folders."""
    if not default_storage.exists(folder):
        return
    folders, files = default_storage.listdir(folder)
    for name in folders:
        yield from stored_before(f"{folder}/{name}", moment)
    for name in files:
        key = f"{folder}/{name}"
        if default_storage.get_modified_time(key) < moment:
            yield key
