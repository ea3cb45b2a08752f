"""A service between a program and the local AWS that refuses as the real one does, when told to.

It answers in AWS's own words: the clients, their retries and what they make of it are the real
ones.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from apps.kernel import aws

Request = dict[str, Any]


class Gate:
    """`url` forwards to the local AWS; whatever `refused` names is refused with that error."""

    def __init__(self, aws_url: str) -> None:
        self.aws_url = aws_url
        self.refused: dict[str, str] = {}  # by action: "PutRecords": "Throttling..."
        self.taken: Callable[[Request], bool] = lambda _record: True  # of one PutRecords record
        self.asked: Counter[str] = Counter()
        self.bodies: list[tuple[str, Request]] = []
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, answer = gate.answer(self.path, dict(self.headers), body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def stand_before(self, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Until the test ends, the service ("kinesis") is asked through here."""
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service.upper()}", self.url)
        aws.client.cache_clear()

    def answer(
        self, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        action = headers.get("X-Amz-Target", "").rpartition(".")[2]
        asked = json.loads(body) if body.startswith(b"{") else {}
        self.asked[action] += 1
        self.bodies.append((action, asked))
        if action in self.refused:
            told = {"__type": self.refused[action], "message": "refused by the test"}
            return 400, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(told).encode()
        if action == "PutRecords":
            return self._put_records(path, headers, asked)
        return self._forward(path, headers, body)

    def _put_records(
        self, path: str, headers: dict[str, str], asked: Request
    ) -> tuple[int, dict[str, str], bytes]:
        """Some records are refused, as a shard that is full refuses them."""
        taken = [self.taken(record) for record in asked["Records"]]
        records = [record for record, yes in zip(asked["Records"], taken, strict=True) if yes]
        kept: list[Request] = []
        answered = {"Content-Type": "application/x-amz-json-1.1"}
        if records:
            forwarded = json.dumps({**asked, "Records": records}).encode()
            status, answered, answer = self._forward(path, headers, forwarded)
            if status != 200:
                return status, answered, answer
            kept = json.loads(answer)["Records"]
        full = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "full"}
        results = [kept.pop(0) if yes else full for yes in taken]
        told = {"FailedRecordCount": taken.count(False), "Records": results}
        return 200, answered, json.dumps(told).encode()

    def _forward(
        self, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        dropped = {"host", "content-length", "connection", "accept-encoding"}
        given = {name: value for name, value in headers.items() if name.lower() not in dropped}
        request = urllib.request.Request(self.aws_url + path, body, given, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, _kept(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, _kept(error.headers), error.read()


def _kept(headers: Any) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if name.lower() in {"content-type", "x-amzn-errortype", "x-amz-crc32"}
    }


@contextmanager
def gate(aws_url: str) -> Iterator[Gate]:
    made = Gate(aws_url)
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join()
