"""What a zip archive says that it holds, read without unpacking or believing it.

Python's own module reads a list of contents of any length into memory first; this one stops.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import IO

_END, _ENTRY, _FAR_END = b"PK\x05\x06", b"PK\x01\x02", b"PK\x06\x07"
_END_SIZE, _ENTRY_SIZE, _FAR_END_SIZE, _COMMENT = 22, 46, 20, 65_535
_MOST_ENTRIES = 10_000
_MOST_LIST = 4 << 20  # bytes
_MOST_BYTES = 512 << 20  # unpacked
_BYTES_AT_EASE, _MOST_RATIO = 32 << 20, 100  # below so many no ratio frightens


class TooMuchError(Exception):
    """Unpacking it would take more than a computer has to give. The message is its finding."""


def listed(file: IO[bytes]) -> list[str] | None:
    """Names of an archive's contents; None for what is no archive. Raises TooMuchError."""
    contents = _contents(file)
    if contents is None:
        return None
    names, unpacked, packed = [], 0, 0
    for name, small, large in _entries(contents):
        names.append(name)
        packed, unpacked = packed + small, unpacked + large
        if len(names) > _MOST_ENTRIES:
            raise TooMuchError("Archive.TooManyFiles")
        if unpacked > _MOST_BYTES or packed > _length(file):
            raise TooMuchError("Archive.Bomb")
    if unpacked > _BYTES_AT_EASE and unpacked > _MOST_RATIO * packed:
        raise TooMuchError("Archive.Bomb")
    return names


def _contents(file: IO[bytes]) -> bytes | None:
    length = _length(file)
    file.seek(max(0, length - _COMMENT - _END_SIZE))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        return None
    (size,) = struct.unpack_from("<I", tail, at + 12)
    # Only what is beyond four gigabytes, or 65,535 files, says it in the larger format.
    is_far = tail[max(0, at - _FAR_END_SIZE) : at].startswith(_FAR_END)
    if size > _MOST_LIST or is_far:
        raise TooMuchError("Archive.TooManyFiles")
    begin = length - len(tail) + at - size
    if begin < 0:
        return None
    file.seek(begin)
    return file.read(size)


def _entries(contents: bytes) -> Iterator[tuple[str, int, int]]:
    """Name, packed and unpacked size of each."""
    at = 0
    while contents[at : at + 4] == _ENTRY and at + _ENTRY_SIZE <= len(contents):
        packed, unpacked, name, extra, comment = struct.unpack_from("<IIHHH", contents, at + 20)
        start = at + _ENTRY_SIZE
        yield contents[start : start + name].decode(errors="replace"), packed, unpacked
        at = start + name + extra + comment


def _length(file: IO[bytes]) -> int:
    return file.seek(0, os.SEEK_END)
