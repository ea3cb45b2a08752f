"""Where nobody looks at traces."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from apps.kernel.ports import Location
from apps.kernel.tracing import Kind, Span


class _Nothing:
    def say(self, **attributes: str | int) -> None:
        return

    def rename(self, name: str) -> None:
        return

    def fail(self, why: str) -> None:
        return


_NOTHING: AbstractContextManager[Span] = nullcontext(_Nothing())


class Nobody:
    def __init__(self, location: Location) -> None:
        self.location = location

    def begin(
        self, name: str, *, kind: Kind, parent: str | None = None, **attributes: str | int
    ) -> AbstractContextManager[Span]:
        return _NOTHING

    def span(self, name: str, **attributes: str | int) -> AbstractContextManager[Span]:
        return _NOTHING

    def traceparent(self) -> str | None:
        return None
