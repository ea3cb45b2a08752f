"""Spans of a request on its way: the web, the journal, the bus, jobs, mail, and what these ask.

TRACES_URL chooses who takes them. `none:` costs a function call; nobody's spans are made.
A trace goes on wherever a `traceparent` was carried to (https://www.w3.org/TR/trace-context/): on a
fact's row, in a job's headers, as an attribute of a message. Spans hold ids and names, no words of
people and no addresses: the routes of pages, statements without their values.
"""

from __future__ import annotations

import enum
from contextlib import AbstractContextManager
from typing import Protocol

from apps.kernel.ports import Port


class Kind(enum.StrEnum):
    """What a span begins: a request, or the work on what a message brought."""

    REQUEST = "request"
    MESSAGE = "message"


class Span(Protocol):
    def say(self, **attributes: str | int) -> None:
        """What is known by now."""

    def rename(self, name: str) -> None: ...

    def fail(self, why: str) -> None:
        """A short word, such as an error's kind: its text may hold what must not be told."""


class Tracer(Protocol):
    def begin(
        self, name: str, *, kind: Kind, parent: str | None = None, **attributes: str | int
    ) -> AbstractContextManager[Span]:
        """Work that begins here, whatever goes on around it; of its parent's trace if it has one.

        `parent` is a traceparent. What the database is asked inside is part of it.
        """

    def span(self, name: str, **attributes: str | int) -> AbstractContextManager[Span]:
        """A part of what is under way; outside of anything it is nothing."""

    def traceparent(self) -> str | None:
        """For whoever goes on elsewhere; also of a trace that isn't kept, so that it stays so."""


tracer = Port[Tracer](
    "TRACES_URL",
    {
        "none": "apps.kernel.tracing.nobody.Nobody",
        "otlp+http": "apps.kernel.tracing.otlp.Otlp",
        "otlp+https": "apps.kernel.tracing.otlp.Otlp",
    },
)
