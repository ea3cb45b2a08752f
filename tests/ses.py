"""A server that answers as SES's version 2 does, for what a local AWS never says.

Its shapes are those of botocore's service model "sesv2"; what it was sent is kept.
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import override_settings

from apps.kernel import aws
from apps.notifications.carrying import carrier
from apps.notifications.outbox import outbox

URL = "ses://desk?inbox=desk-inbox"
STATUS = {"TooManyRequestsException": 429, "NotFoundException": 404}


class Ses:
    """`refusals` are answered first, one a request: a code and SES's words."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.readmitted: list[str] = []
        self.refusals: list[tuple[str, str]] = []
        self.asked = 0
        self.mute = 0  # requests whose answer gets lost, after what they ask was done
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def refuse(self, code: str, said: str = "", *, times: int = 1) -> None:
        self.refusals += [(code, said)] * times

    def raws(self) -> list[bytes]:
        return [base64.b64decode(mail["Content"]["Raw"]["Data"]) for mail in self.sent]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def _answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked += 1
        if self.refusals:
            code, said = self.refusals.pop(0)
            return STATUS.get(code, 400), {"__type": code, "message": said}
        if (method, path) == ("POST", "/v2/email/outbound-emails"):
            self.sent.append(body)
            return 200, {"MessageId": f"0102-{uuid.uuid4()}-000000"}
        address = unquote(path.rpartition("/")[2])
        if method == "DELETE" and "/suppression/addresses/" in path:
            self.readmitted.append(address)
            return 404, {"__type": "NotFoundException", "message": f"{address} is not on the list"}
        return 404, {"__type": "NotFoundException", "message": path}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        ses = self

        class Handler(BaseHTTPRequestHandler):
            def _do(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"{}")
                status, told = ses._answer(self.command, self.path, body)
                if ses.mute:
                    ses.mute -= 1
                    self.close_connection = True
                    return
                content = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                if "__type" in told:
                    self.send_header("x-amzn-ErrorType", told["__type"])
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_DELETE = do_GET = _do  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                """Not into the tests' output."""

        return Handler


@pytest.fixture
def ses(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ses]:
    """The desk's mail goes to such a server."""
    server = Ses()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "123456789012")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    aws.client.cache_clear()
    with (
        override_settings(MAIL_URL=URL, EMAIL_BACKEND="apps.notifications.ses.SesBackend"),
        carrier.override(carrier.build(URL)),
        outbox.override(outbox.build("smtp://nowhere")),
    ):
        yield server
    aws.client.cache_clear()
    server.stop()
