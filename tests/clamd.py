"""A small server that speaks clamd's INSTREAM, with one signature of its own.

It stands in for ClamAV, whose daemon the tests can't expect to find: the protocol is real, the
knowledge is not.
"""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIGNATURES = {b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE": "Eicar-Test-Signature"}
LONGEST = 5_000_000  # bytes, as StreamMaxLength


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        command = self.rfile.read(len(b"zINSTREAM\0"))
        if command != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        content = b""
        while True:
            (length,) = struct.unpack(">I", self.rfile.read(4))
            if length == 0:
                break
            content += self.rfile.read(length)
            if len(content) > LONGEST:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        found = next((name for sign, name in SIGNATURES.items() if sign in content), "")
        self.wfile.write(f"stream: {found} FOUND\0".encode() if found else b"stream: OK\0")


class _Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class _Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def clamd(socket: Path | None = None) -> Iterator[str]:
    """Its URL, for as long as the block lasts."""
    server = _Unix(str(socket), _Handler) if socket else _Tcp(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        port = None if isinstance(server, _Unix) else server.server_address[1]
        yield f"clamd://{socket}" if socket else f"clamd://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
