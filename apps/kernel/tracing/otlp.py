"""OpenTelemetry's spans to a collector: the CloudWatch agent, or any that takes OTLP.

`otlp+http://127.0.0.1:4318?sample=5`: of a hundred requests five are kept, chosen where they begin.
Whatever they set off is kept or not with them. Spans leave in a thread of their own; a collector
that is away costs a line in the log.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from opentelemetry import context as contexts
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.extension.aws.trace import AwsXRayIdGenerator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import (
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from apps.kernel.noting import note, noted
from apps.kernel.ports import Location
from apps.kernel.tracing import Kind
from apps.kernel.tracing import Span as DeskSpan

DEFAULT_PERCENT = 5.0
PATIENCE = 2  # seconds for a collector that is near
DELAY = 1000  # milliseconds: what a process that is killed takes with it
LONGEST = 1000  # characters of a statement
# What X-Ray can be asked for: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html
_ASKED_FOR = ("user", "ticket", "job", "fact")
_KINDS = {Kind.REQUEST: SpanKind.SERVER, Kind.MESSAGE: SpanKind.CONSUMER}
_VERB = re.compile(r"\s*\(?\s*([A-Za-z]+)")
_BEGINS = "desk.begins"

_propagator = TraceContextTextMapPropagator()


class _Beginnings(Sampler):
    """Only what the desk begins can begin a trace: not a question to a queue that finds nothing."""

    def __init__(self, percent: float) -> None:
        self._some = TraceIdRatioBased(percent / 100)

    def should_sample(  # noqa: PLR0917 - its base's
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Any = None,
        links: Sequence[Any] | None = None,
        trace_state: Any = None,
    ) -> SamplingResult:
        if not (attributes or {}).get(_BEGINS):
            return SamplingResult(Decision.DROP)
        return self._some.should_sample(parent_context, trace_id, name, kind, attributes, links)

    def get_description(self) -> str:
        return f"beginnings, {self._some.get_description()}"


class _Span:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def say(self, **attributes: str | int) -> None:
        self._span.set_attributes({_spelt(name): value for name, value in attributes.items()})

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def fail(self, why: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, why))


class Otlp:
    """One for each process: it begins its thread with the first span, after any fork."""

    def __init__(self, location: Location) -> None:
        self._percent = _percent_of(location)
        scheme = location.scheme.removeprefix("otlp+")
        self._endpoint = f"{scheme}://{location.netloc}/v1/traces"
        self._lock = threading.Lock()
        self._begun: tuple[TracerProvider, trace.Tracer] | None = None

    @property
    def provider(self) -> TracerProvider:
        return self._ready()[0]

    def _ready(self) -> tuple[TracerProvider, trace.Tracer]:
        if self._begun is None:
            with self._lock:
                if self._begun is None:
                    provider = _provider(self._endpoint, self._percent)
                    self._begun = provider, provider.get_tracer("tendril")
        return self._begun

    @contextmanager
    def begin(
        self, name: str, *, kind: Kind, parent: str | None = None, **attributes: str | int
    ) -> Iterator[DeskSpan]:
        # Nothing of what goes on around it: a relay does one thing after the other.
        carried = {"traceparent": parent} if parent else {}
        context = _propagator.extract(carried, context=Context())
        said = {_spelt(key): value for key, value in attributes.items()} | {_BEGINS: True}
        with (
            self._current(name, context=context, kind=_KINDS[kind], attributes=said) as span,
            connection.execute_wrapper(self._ask) if span.is_recording() else nullcontext(),
        ):
            if span.is_recording():
                note(trace=trace.format_trace_id(span.get_span_context().trace_id))
            try:
                yield _Span(span)
            finally:
                _tell_noted(span)

    def span(self, name: str, **attributes: str | int) -> AbstractContextManager[DeskSpan]:
        return self._part(name, {_spelt(key): value for key, value in attributes.items()})

    @contextmanager
    def _part(self, name: str, attributes: dict[str, str | int]) -> Iterator[DeskSpan]:
        with self._current(name, kind=SpanKind.INTERNAL, attributes=attributes) as span:
            yield _Span(span)

    def traceparent(self) -> str | None:
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get("traceparent")

    @contextmanager
    def _current(
        self,
        name: str,
        *,
        kind: SpanKind,
        attributes: Any,
        context: Context | None = None,
    ) -> Iterator[trace.Span]:
        """A span as long as the block. It is told the kind of an error and never its text."""
        span = self._ready()[1].start_span(name, context=context, kind=kind, attributes=attributes)
        token = contexts.attach(trace.set_span_in_context(span, context))
        try:
            yield span
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            contexts.detach(token)
            span.end()

    def _ask(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, told: dict[str, Any]
    ) -> Any:
        """Django's own hook around every statement: its text has places for values, not values."""
        verb = _VERB.match(sql)
        attributes = {
            "db.system.name": told["connection"].vendor,
            "db.query.text": sql[:LONGEST],
        }
        name = verb[1].upper() if verb else "SQL"
        with self._current(name, kind=SpanKind.CLIENT, attributes=attributes):
            return execute(sql, params, many, told)


def _provider(endpoint: str, percent: float) -> TracerProvider:
    provider = TracerProvider(
        resource=Resource(
            {"service.name": f"tendril-{settings.STAGE}", "service.version": settings.BUILD}
        ),
        sampler=ParentBased(_Beginnings(percent)),
        # Where X-Ray is not asked through its newest door, an id has to begin with the time.
        id_generator=AwsXRayIdGenerator(),
    )
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=PATIENCE)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=DELAY))
    # Messages carry their fact's trace; that of the call which publishes many is nobody's.
    propagate.set_global_textmap(CompositePropagator([]))
    BotocoreInstrumentor().instrument(tracer_provider=provider)  # type: ignore[no-untyped-call]
    RedisInstrumentor().instrument(tracer_provider=provider)
    return provider


def _percent_of(location: Location) -> float:
    asked = parse_qs(location.query)
    try:
        percent = float(asked.get("sample", [str(DEFAULT_PERCENT)])[-1])
    except ValueError:
        percent = -1
    if not location.netloc or location.path or asked.keys() - {"sample"} or not 0 <= percent <= 100:  # noqa: PLR2004
        raise ImproperlyConfigured(
            f"TRACES_URL={location.geturl()!r}: write otlp+http://127.0.0.1:4318?sample=5, where 5"
            " of a hundred requests are kept"
        )
    return percent


def _tell_noted(span: trace.Span) -> None:
    known = {name: value for name, value in noted().items() if name in _ASKED_FOR}
    if known and span.is_recording():
        span.set_attributes({**known, "aws.xray.annotations": sorted(known)})


def _spelt(name: str) -> str:
    """`http_route` as OpenTelemetry has it: http.route. Two underscores are one."""
    return name.replace("__", "\0").replace("_", ".").replace("\0", "_")
