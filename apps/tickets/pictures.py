"""How large a picture says it is, from its first bytes. Pure: nothing is decoded.

A file of a few kilobytes may claim so many pixels that the browser of whoever looks at the ticket
runs out of memory. What claims too many, or doesn't say, is a file to download.
"""

from __future__ import annotations

import struct

MOST_PIXELS = 64_000_000  # the largest phones' cameras give 50; decoded it takes a quarter GB
MOST_PIXELS_A_SIDE = 30_000

_NO_FRAME = {0xC4, 0xC8, 0xCC}  # JPEG: tables and an extension among the frame markers


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
