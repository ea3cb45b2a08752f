"""The embedded scanner: a few rules about content, for desks without ClamAV.

It holds back what runs when somebody opens it: programs, Windows shortcuts, Office files with
macros, and archives that hold such or unpack into far more than they are. It knows no signatures
but the one that every scanner knows for trying it out. Scripts are text, which nobody runs by
opening it, and what customers of a technical desk send: they pass.
"""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import IO

from apps.kernel.ports import Location
from apps.kernel.scanning import archives

_HEAD = 64 * 1024
_CHUNK = 1 << 20
# https://www.eicar.org/download-anti-malware-testfile, in two parts: a scanner of this very file
# would find it otherwise.
_EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_MACROS = "_VBA_PROJECT".encode("utf-16-le")  # a storage's name in its directory
_SHORTCUT = b"\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"
_PROGRAMS = {
    b"\x7fELF": "Program.Linux",
    b"\xfe\xed\xfa\xce": "Program.macOS",
    b"\xfe\xed\xfa\xcf": "Program.macOS",
    b"\xce\xfa\xed\xfe": "Program.macOS",
    b"\xcf\xfa\xed\xfe": "Program.macOS",
    b"\xca\xfe\xba\xbe": "Program.JavaOrMacOS",
    _SHORTCUT: "Shortcut.Windows",
}
_WINDOWS = {b"PE\0\0", b"NE", b"LE", b"LX"}
_MEMBERS = 300  # how many files of an archive are looked into
_MEMBER_HEAD = 4096


# All that a made-up archive has the library raise, a kind of packing that it doesn't know included.
_UNREADABLE = (
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class Rules:
    def __init__(self, _url: Location) -> None:
        pass

    def find(self, file: IO[bytes]) -> str:
        head = file.read(_HEAD)
        found = _program(head) or _of_test(head)
        if found:
            return found
        if head.startswith(_OLE):
            return "Macros.Office" if _holds(file, _OLE_MACROS) else ""
        if head.startswith(b"PK\x03\x04"):
            return _archive(file)
        return ""


def _program(head: bytes) -> str:
    for sign, name in _PROGRAMS.items():
        if head.startswith(sign):
            return name
    if head.startswith(b"MZ") and len(head) >= 0x40:  # noqa: PLR2004 - where its header's place stands
        (at,) = struct.unpack_from("<I", head, 0x3C)
        if head[at : at + 4] in _WINDOWS or head[at : at + 2] in _WINDOWS:
            return "Program.Windows"
    return ""


def _of_test(head: bytes) -> str:
    return "Eicar-Test-Signature" if head.lstrip(b"\xef\xbb\xbf").startswith(_EICAR) else ""


def _holds(file: IO[bytes], sign: bytes) -> bool:
    file.seek(0)
    before = b""
    while chunk := file.read(_CHUNK):
        if sign in before + chunk:
            return True
        before = chunk[-len(sign) :]
    return False


def _archive(file: IO[bytes]) -> str:
    """Its list of contents first, which costs nothing to read; then the head of each of them."""
    try:
        listed = archives.listed(file)
    except archives.TooMuchError as error:
        return str(error)
    if listed is None:  # no archive that anything would unpack
        return ""
    if any(_has_macros(name) for name in listed):
        return "Macros.Office"
    try:
        with zipfile.ZipFile(file) as opened:
            return _first(_member(opened), opened.infolist()[:_MEMBERS])
    except _UNREADABLE:
        return ""


def _has_macros(name: str) -> bool:
    plain = name.replace("\\", "/").lower()
    return plain.endswith("/vbaproject.bin") or "/macrosheets/" in plain


def _member(opened: zipfile.ZipFile) -> Callable[[zipfile.ZipInfo], str]:
    def look(member: zipfile.ZipInfo) -> str:
        try:
            with opened.open(member) as content:
                head = content.read(_MEMBER_HEAD)
        except _UNREADABLE:
            return ""  # locked, or packed in a way that we can't read: nor is it run by opening it
        return _program(head) or _of_test(head)

    return look


def _first(look: Callable[[zipfile.ZipInfo], str], members: list[zipfile.ZipInfo]) -> str:
    return next((found for found in map(look, members) if found), "")
