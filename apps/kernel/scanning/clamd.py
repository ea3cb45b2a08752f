"""ClamAV's daemon, by its INSTREAM command: `clamd://host:3310` or `clamd:///path/to/socket`.

Each piece of the file goes with its length before it, an empty one ends it; the answer is one line.
Source: clamd(8). Its StreamMaxLength must not be less than ATTACHMENT_MAX_BYTES.
"""

from __future__ import annotations

import socket
import struct
from typing import IO

from django.core.exceptions import ImproperlyConfigured

from apps.kernel.ports import Location
from apps.kernel.scanning import NotLookedAtError, ScannerAwayError

PORT = 3310
CONNECT, READ = 2, 30  # seconds: somebody waits for it
_PIECE = 256 * 1024
_LONGEST = 4096  # bytes of an answer


class Clamd:
    def __init__(self, url: Location) -> None:
        if not (url.hostname or url.path.strip("/")):
            raise ImproperlyConfigured(
                f"SCANNER_URL={url.geturl()!r}: write clamd://host:{PORT} or clamd:///path/to/socket"
            )
        try:
            self.address = (url.hostname, url.port or PORT) if url.hostname else url.path
        except ValueError as error:
            raise ImproperlyConfigured(f"SCANNER_URL={url.geturl()!r}: {error}") from error

    def find(self, file: IO[bytes]) -> str:
        try:
            with self._connected() as connection:
                answer = _told(connection, file)
        except OSError as error:
            raise ScannerAwayError(f"clamd at {self.address}: {error}") from error
        return _read(answer)

    def _connected(self) -> socket.socket:
        if isinstance(self.address, tuple):
            connection = socket.create_connection(self.address, timeout=CONNECT)
        else:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(CONNECT)
            try:
                connection.connect(self.address)
            except OSError:
                connection.close()
                raise
        connection.settimeout(READ)
        return connection


def _told(connection: socket.socket, file: IO[bytes]) -> bytes:
    """What it answers. It may do so, and hang up, before it has had all of it."""
    try:
        connection.sendall(b"zINSTREAM\0")
        while piece := file.read(_PIECE):
            connection.sendall(struct.pack(">I", len(piece)) + piece)
        connection.sendall(struct.pack(">I", 0))
    except (BrokenPipeError, ConnectionResetError):
        pass
    answer = b""
    while b"\0" not in answer and len(answer) < _LONGEST:
        more = connection.recv(_LONGEST)
        if not more:
            break
        answer += more
    return answer


def _read(answer: bytes) -> str:
    """`stream: OK`, `stream: NAME FOUND`, or anything else, which is no verdict."""
    line = answer.rstrip(b"\0\n").decode(errors="replace")
    said = line.removeprefix("stream: ")
    if said == "OK":
        return ""
    if said.endswith(" FOUND"):
        return said.removesuffix(" FOUND")
    raise (NotLookedAtError if line else ScannerAwayError)(f"clamd said {line!r}")
