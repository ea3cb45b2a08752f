"""ClamAV's daemon, by its INSTREAM command: `clamd://host:3310` or `clamd:///path/to/socket`.

Each piece of the file goes with its length before it, an empty one ends it; the answer is one line.
Source: clamd(8). Its StreamMaxLength must not be less than ATTACHMENT_MAX_BYTES.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import IO

from django.core.exceptions import ImproperlyConfigured

from apps.kernel.circuit import Circuit
from apps.kernel.ports import Location
from apps.kernel.scanning import NotLookedAtError, ScannerAwayError

PORT = 3310
CONNECT, WHOLE = 2, 10  # seconds: somebody waits for it
_PIECE = 256 * 1024
_LONGEST = 4096  # bytes of an answer


class Clamd:
    def __init__(self, url: Location) -> None:
        self._circuit = Circuit("clamd", patience=WHOLE)
        if not (url.hostname or url.path.strip("/")):
            raise ImproperlyConfigured(
                f"SCANNER_URL={url.geturl()!r}: write clamd://host:{PORT} or clamd:///path/to/socket"
            )
        try:
            self.address = (url.hostname, url.port or PORT) if url.hostname else url.path
        except ValueError as error:
            raise ImproperlyConfigured(f"SCANNER_URL={url.geturl()!r}: {error}") from error

    def find(self, file: IO[bytes]) -> str:
        if not self._circuit.may_ask():
            raise ScannerAwayError(f"clamd at {self.address} was away a moment ago")
        try:
            with self._connected() as connection:
                answer = _told(connection, file, time.monotonic() + WHOLE)
        except OSError as error:
            self._circuit.failed(error)
            raise ScannerAwayError(f"clamd at {self.address}: {error}") from error
        self._circuit.answered()
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
        return connection


def _told(connection: socket.socket, file: IO[bytes], end: float) -> bytes:
    """What it answers. It may do so, and hang up, before it has had all of it.

    `end` is on the clock of time.monotonic, for all of it: a server may drip. Raises TimeoutError.
    """
    try:
        _wait_no_longer(connection, end)
        connection.sendall(b"zINSTREAM\0")
        while piece := file.read(_PIECE):
            _wait_no_longer(connection, end)
            connection.sendall(struct.pack(">I", len(piece)) + piece)
        connection.sendall(struct.pack(">I", 0))
    except (BrokenPipeError, ConnectionResetError):
        pass
    answer = b""
    while b"\0" not in answer and len(answer) < _LONGEST:
        _wait_no_longer(connection, end)
        more = connection.recv(_LONGEST)
        if not more:
            break
        answer += more
    return answer


def _wait_no_longer(connection: socket.socket, end: float) -> None:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError(f"it took longer than {WHOLE} s")
    connection.settimeout(left)


def _read(answer: bytes) -> str:
    """`stream: OK`, `stream: NAME FOUND`, or anything else, which is no verdict."""
    line = answer.rstrip(b"\0\n").decode(errors="replace")
    said = line.removeprefix("stream: ")
    if said == "OK":
        return ""
    if said.endswith(" FOUND"):
        return said.removesuffix(" FOUND")
    raise (NotLookedAtError if line else ScannerAwayError)(f"clamd said {line!r}")
