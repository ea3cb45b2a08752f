"""The port: where documents are kept and found. The setting SEARCH_URL chooses the adapter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from apps.kernel.ports import Port
from apps.search.documents import Document, Kind
from apps.search.expressions import Expression

CAP = 1000  # counted up to here, then "1,000+"
WINDOW = 300  # the newest matches among which the best are looked for

Reader = Callable[[Sequence[int]], Sequence[Document]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From `since`, before `until`."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`where` decides what is found, `ranked_by` (words alone) which of it is best.

    `newest` is the key at which to begin: older ones follow. `any_words` ranks by how rare each
    word is, for questions that ask for any of them.
    """

    kind: Kind
    where: Expression
    ranked_by: tuple[Expression, ...] = ()
    created: Span = field(default_factory=Span)
    updated: Span = field(default_factory=Span)
    newest: int | None = None
    window: int = WINDOW


@dataclass(frozen=True, slots=True)
class Candidate:
    key: int
    score: float
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """The newest matches, newest first, at most a window of them; `total` is at most CAP + 1."""

    candidates: tuple[Candidate, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Changed:
    """What may have changed, and the documents of it that there are now."""

    keys: Collection[int]
    documents: Sequence[Document]


class Rebuild(Protocol):
    """An index that is being built beside the live one; until it is switched, nobody asks it.

    One that was left unfinished goes on: `last` is the greatest key that it has, and `since` the
    fact that was the newest when it began.
    """

    since: int
    last: int

    def put(self, documents: Sequence[Document]) -> None:
        """Documents of keys after `last`, in order."""

    def switch(self, changed: Callable[[], Changed]) -> None:
        """Let it take the live one's place.

        `changed` gives what changed since it was last asked. It is asked until nobody can write
        to the live index any more, so that nothing is lost.
        """


class SearchIndex(Protocol):
    def refresh(
        self, kind: Kind, keys: Collection[int], read: Reader, *, fact: int | None = None
    ) -> None:
        """Index these anew. What `read` no longer gives leaves the index.

        `read` is asked when nobody else can index the same ones, so the last one to read is the
        last one to write. With `fact`, documents that know this fact already are left alone.
        """

    def find(self, question: Question) -> Found: ...

    def spell(self, kind: Kind, wanted: Sequence[str], access: Expression) -> dict[str, str]:
        """What was probably meant instead of words that nothing readable holds.

        Out of what `access` can read alone; words beyond guessing are left out.
        """

    def rebuild(self, kind: Kind, *, since: int) -> AbstractContextManager[Rebuild]: ...


index = Port[SearchIndex]("SEARCH_URL", {"database": "apps.search.adapters.database"})
