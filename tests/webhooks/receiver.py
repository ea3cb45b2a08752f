"""A customer's server on 127.0.0.1 that answers as it is told and keeps what it got."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext

PATIENCE = 60  # seconds that a server which waits for a test stays silent


@dataclass
class Got:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`answers`: a status, or (status, location), for one request each; then `then`."""

    answers: list[int | tuple[int, str]] = field(default_factory=list)
    then: int = 200
    text: bytes = b"thanks"
    drips: int = 0  # seconds: a byte every tenth of one
    drips_headers: bool = False
    waits_for: threading.Event | None = None  # before it answers
    got: list[Got] = field(default_factory=list)
    url: str = ""
    ended: bool = False  # an answer was heard to its end

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length", "0"))
        body = handler.rfile.read(length)
        self.got.append(Got(handler.path, dict(handler.headers), body))
        if self.waits_for is not None:
            self.waits_for.wait(PATIENCE)
        said = self.answers.pop(0) if self.answers else self.then
        status, location = said if isinstance(said, tuple) else (said, "")
        if self.drips_headers:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            self.drip(handler)
            handler.wfile.write(b"\r\n\r\n")
            self.ended = True
            return
        handler.send_response(status)
        if location:
            handler.send_header("Location", location)
        handler.send_header("Connection", "close")
        handler.end_headers()
        if status != 204:
            handler.wfile.write(self.text)
        self.drip(handler)
        self.ended = True

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        for _ in range(self.drips * 10):
            time.sleep(0.1)
            handler.wfile.write(b".")
            handler.wfile.flush()


@contextmanager
def receiver(context: SSLContext | None = None) -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with suppress(ConnectionError):  # whoever asked has heard enough
                kept.answer(self)

        do_GET = do_POST  # noqa: N815 - the standard library's names

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """A refused certificate ends a handshake; that is the test's matter."""

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    kept.url = f"http{'s' if context else ''}://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
