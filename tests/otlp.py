"""A collector for tests: takes spans over HTTP as OpenTelemetry's protocol has them."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATIENCE = 30  # seconds


@dataclass(frozen=True, slots=True)
class Taken:
    """A span as it came. Ids in hexadecimal; `service` is the resource's name and version."""

    trace: str
    id: str
    parent: str
    name: str
    attributes: dict[str, Any]
    failed: str
    service: str


@dataclass
class Collector:
    url: str
    spans: list[Taken] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    def named(self, name: str) -> list[Taken]:
        return [span for span in self.spans if span.name == name]

    def wait(self, enough: Callable[[Collector], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not enough(self):
            assert time.monotonic() < deadline, sorted({span.name for span in self.spans})
            time.sleep(0.05)


@contextmanager
def collector() -> Iterator[Collector]:
    kept = Collector("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            kept.raw.append(body)
            kept.spans += _spans(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"otlp+http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _spans(body: bytes) -> Iterator[Taken]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        of = _attributes(resource.resource)
        service = f"{of['service.name']} {of.get('service.version', '')}".strip()
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Taken(
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    name=span.name,
                    attributes=_attributes(span),
                    failed=span.status.message if span.status.code == 2 else "",
                    service=service,
                )


def _attributes(of: Any) -> dict[str, Any]:
    return {each.key: _value(each.value) for each in of.attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind)
