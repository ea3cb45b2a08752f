"""A storage that falls ill: a real server in S3's place that refuses, stays silent or is gone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from apps.kernel import aws as clients
from apps.kernel.storage.s3 import Bucket

CODES = {"403": "AccessDenied", "503": "SlowDown"}


class Ill:
    """`with_(how)`: "403", "503", "silent" or "gone", for as long as the block lasts."""

    def __init__(self, bucket: Bucket, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bucket = bucket
        self.url = url
        self.monkeypatch = monkeypatch

    @contextmanager
    def with_(self, how: str) -> Iterator[None]:
        with _server(how) as url:
            self._lead_to(url)
            try:
                yield
            finally:
                self._lead_to(self.url)

    def _lead_to(self, url: str) -> None:
        self.monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        clients.client.cache_clear()
        fresh = Bucket(bucket=self.bucket.bucket_name, prefix=self.bucket.location)
        self.bucket.__dict__.update(fresh.__dict__)


@contextmanager
def _server(how: str) -> Iterator[str]:
    if how in CODES:
        with _refusing(int(how), CODES[how]) as url:
            yield url
        return
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        if how == "silent":  # it takes connections and answers none
            yield url
    if how == "gone":
        yield url


@contextmanager
def _refusing(status: int, code: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
