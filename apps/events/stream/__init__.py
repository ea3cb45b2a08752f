"""Every fact of the journal in a row, for whoever computes over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from apps.kernel.ports import Port

MAX_RECORDS = 500  # in one `put`
MAX_RECORD_BYTES = 1024 * 1024 - 256  # of one record's data: with its key it stays under a MiB


@dataclass(frozen=True, slots=True)
class Record:
    """Facts of one subject, in order: a line of JSON each (apps.events.stream.coding)."""

    subject: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of the stream that is in order. What came before it is in its parents."""

    id: str
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """`position` is where to go on; `behind`: there is more; `ended`: there never will be."""

    records: tuple[Record, ...]
    position: str | None
    behind: bool = False
    ended: bool = False


class StreamAwayError(Exception):
    """The stream takes or gives nothing now. Whether it took anything is unknown."""


class Stream(Protocol):
    """Takes records and keeps them for some days. All raise StreamAwayError."""

    def put(self, records: Sequence[Record]) -> frozenset[int]:
        """Append up to MAX_RECORDS, each of another subject; the places of those refused for now.

        The rest is kept when it returns. Records of one subject stay in the order of the calls.
        """

    def shards(self) -> list[Shard]: ...

    def read(self, shard: str, *, after: str | None, limit: int = MAX_RECORDS) -> Batch:
        """What follows a position; None is the oldest that is kept."""

    def tip(self, shard: str) -> str:
        """A position that all that is put from now on follows; a little of before may, too."""


stream = Port[Stream](
    "STREAM_URL",
    {
        "lines": "apps.events.stream.lines.LinesStream",
        "kinesis": "apps.events.stream.kinesis.KinesisStream",
    },
)
