"""Bytes of uploads: sniffed, hashed, scanned and stored before the action that makes their rows.

They come through the desk (`keep`) or from the browser straight to the storage (`settle`). A file
whose action fails, or whose process dies in between, has no row: `stored_before` finds it.
"""

from __future__ import annotations

import hashlib
import logging
import re
import struct
import unicodedata
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, TypedDict

import puremagic
from django.core.files.base import File
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.kernel import scanning
from apps.kernel.errors import DomainError
from apps.kernel.storage import Arrived, FilesAwayError, store
from apps.kernel.text import MARKS

logger = logging.getLogger(__name__)

_HEAD = 64 * 1024
_CHUNK = 256 * 1024
_NAME_LIMIT, _ENDING_LIMIT = 120, 10  # characters
_MARKUP = re.compile(
    rb"<\s*(!doctype\s+html|html|head|body|script|svg|iframe|\?xml)", re.IGNORECASE
)
_JOINERS = "\u200c\u200d"  # Persian words and emoji are made with them
_HEAPS = re.compile(rf"([\u0300-\u036f]{{{MARKS}}})[\u0300-\u036f]+")
_OFFICE_SIGNS = (b"[Content_Types].xml", b"mimetypeapplication/")
# A browser may show these in the desk's own pages: they run nothing.
INLINE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
# A file of a few kilobytes may claim so many pixels that the browser of whoever looks at the ticket
# runs out of memory. What claims more than this, or doesn't say, is a file to download.
MOST_PIXELS = 64_000_000  # the largest phones' cameras give 50; decoded it takes a quarter GB
MOST_PIXELS_A_SIDE = 30_000

_NO_FRAME = {0xC4, 0xC8, 0xCC}  # JPEG: tables and an extension among the frame markers


class FileRefusedError(DomainError):
    code = "attachment.refused"
    status = 413


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """`key` is where the storage keeps it; `name` is data; `size` in bytes.

    `scan` and `finding` are what the scanner said (apps.kernel.scanning.Verdict).
    """

    key: str
    name: str
    content_type: str
    size: int
    sha256: str
    scan: str = scanning.WAITING
    finding: str = ""


class LookedAt(TypedDict):
    content_type: str
    sha256: str
    scan: str
    finding: str


def keep(upload: File, *, folder: str, limit: int) -> StoredFile:  # type: ignore[type-arg]
    """Check and store an upload of up to `limit` bytes. Raises FileRefusedError: nothing is kept.

    Its key is a day's folder within `folder` and a random name.
    """
    name = clean_name(upload.name or "file")
    check_size(name, upload.size, limit=limit)
    looked_at = _look_at(upload)
    key = store().save(_new_key(folder), upload)
    return StoredFile(key=key, name=name, size=upload.size, **looked_at)


def settle(arrived: Arrived, *, name: str, folder: str, limit: int) -> StoredFile:
    """The same for what a browser sent straight to the storage. Raises FileRefusedError."""
    name = clean_name(name)
    check_size(name, arrived.size, limit=limit)
    looked_at = _look_at(arrived.file)
    key = _new_key(folder)
    store().settle(arrived, key, content_type=looked_at["content_type"])
    return StoredFile(key=key, name=name, size=arrived.size, **looked_at)


def check_size(name: str, size: int, *, limit: int) -> None:
    """Raises FileRefusedError."""
    if size > limit:
        raise FileRefusedError(
            _("“%(name)s” is too large: a file may have up to %(size)s MB.")
            % {"name": name, "size": limit // 1024 // 1024},
            name=name,
        )
    if size <= 0:
        raise FileRefusedError(
            _("“%(name)s” is empty. Choose it again.") % {"name": name}, name=name
        )


def _new_key(folder: str) -> str:
    return f"{folder}/{timezone.now():%Y/%m/%d}/{uuid.uuid4().hex}"


def _look_at(file: IO[bytes] | File) -> LookedAt:  # type: ignore[type-arg]
    digest, head = hashlib.sha256(), b""
    file.seek(0)
    while chunk := file.read(_CHUNK):
        head = head or chunk[:_HEAD]
        digest.update(chunk)
    verdict = scanning.look(file)
    return {
        "content_type": sniff(head),
        "sha256": digest.hexdigest(),
        "scan": verdict.scan,
        "finding": verdict.finding,
    }


def discard(key: str) -> None:
    """Delete a file that nothing names. A storage that is away leaves it to the orphans' chore."""
    try:
        store().delete(key)
    except FilesAwayError:
        logger.warning("left behind for the chore", extra={"key": key})


def erase(key: str) -> None:
    """The same, and nothing brings it back: what was refused, or has a copy that counts."""
    try:
        store().erase(key)
    except FilesAwayError:
        logger.warning("left behind for the chore", extra={"key": key})


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
    if found in INLINE_TYPES and not is_fit_to_show(head):
        return "application/octet-stream"
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
    hidden = {"Cc", "Cf", "Cs", "Co"}
    shown = "".join(c for c in last if c in _JOINERS or unicodedata.category(c) not in hidden)
    shown = _HEAPS.sub(r"\1", shown)
    shown = " ".join(shown.split()).strip(". ")
    if len(shown) > _NAME_LIMIT:
        stem, dot, ending = shown.rpartition(".")
        kept = dot + ending if len(ending) <= _ENDING_LIMIT else ""
        shown = (stem or shown)[: _NAME_LIMIT - len(kept) - 1] + "…" + kept
    return shown or "file"


def stored_before(folder: str, moment: datetime) -> Iterator[str]:
    """Keys of everything in a folder stored before a moment, found as they are asked for."""
    return (kept.key for kept in store().walk(folder) if kept.modified < moment)


def is_fit_to_show(head: bytes) -> bool:
    size = dimensions(head)
    if size is None:
        return False
    width, height = size
    return 0 < width * height <= MOST_PIXELS and max(size) <= MOST_PIXELS_A_SIDE


def dimensions(head: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF, JPEG or WebP; None for what doesn't say."""
    try:
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            return struct.unpack(">II", head[16:24]) if head[12:16] == b"IHDR" else None
        if head[:6] in {b"GIF87a", b"GIF89a"}:
            return struct.unpack("<HH", head[6:10])
        if head.startswith(b"\xff\xd8"):
            return _jpeg(head)
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return _webp(head)
    except struct.error:  # it ends too early
        return None
    return None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 4 <= len(head) and head[at] == 0xFF:  # noqa: PLR2004 - every segment begins so
        marker = head[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - padding
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:  # noqa: PLR2004 - start of frame
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        (length,) = struct.unpack(">H", head[at + 2 : at + 4])
        at += 2 + length
    return None


def _webp(head: bytes) -> tuple[int, int] | None:
    match head[12:16]:
        case b"VP8 ":
            width, height = struct.unpack("<HH", head[26:30])
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack("<I", head[21:25])
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            width = int.from_bytes(head[24:27], "little") + 1
            height = int.from_bytes(head[27:30], "little") + 1
            return width, height
        case _:
            return None
