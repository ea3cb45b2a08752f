from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.core.exceptions import ImproperlyConfigured

from apps.events.stream import MAX_RECORDS, Batch, Record, Shard, StreamAwayError
from apps.kernel.ports import Location

FILE_BYTES = 32 * 1024 * 1024
KEEP = timedelta(days=30)
SHARD = "lines"


class LinesStream:
    """JSON lines in a folder, a file a day or more: `lines:<folder>`.

    One process writes at a time. What `put` has returned for is on the disk. A line without its
    end, from a writer that was killed, was never acknowledged: readers stop before it and the next
    writer cuts it off. A position is a file's name and an offset in it.
    """

    def __init__(self, location: Location) -> None:
        if not location.path:
            raise ImproperlyConfigured(f"STREAM_URL={location.geturl()!r}: use lines:<folder>")
        self.location = location
        self.folder = Path(location.path)

    def put(self, records: Sequence[Record]) -> frozenset[int]:
        lines = b"".join(record.data + b"\n" for record in records)
        with _told(), self._alone(), self._open() as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        return frozenset()

    def shards(self) -> list[Shard]:
        return [Shard(SHARD)]

    def read(self, shard: str, *, after: str | None, limit: int = MAX_RECORDS) -> Batch:  # noqa: ARG002 - there is one
        with _told():
            files = self._files()  # first: a file that is not the last of them is finished
            name, offset = _parsed(after)
            records: list[Record] = []
            for file in files:
                if file.name < name:
                    continue
                start = offset if file.name == name else 0
                name = file.name
                found, offset = _lines(file, start, limit - len(records))
                records += found
                if len(records) == limit:
                    break
            position = f"{name}:{offset}" if name else None
            return Batch(tuple(records), position, behind=len(records) == limit)

    def tip(self, shard: str) -> str:  # noqa: ARG002 - there is one
        with _told():
            files = self._files()
            if not files:
                return ""
            with files[-1].open("rb") as last:
                return f"{files[-1].name}:{_end_of_lines(last)}"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The lock goes with the process, however it ends."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _open(self) -> BinaryIO:
        """The file to write to, whole lines in it."""
        today = datetime.now(UTC).date()
        files = self._files()
        last = files[-1] if files else None
        if last is None or _day(last) < today or last.stat().st_size >= FILE_BYTES:
            return self._begin(today, last)
        file = last.open("rb+")
        _cut_off_torn(file)
        file.seek(0, os.SEEK_END)
        return file

    def _begin(self, today: date, last: Path | None) -> BinaryIO:
        """A new file, whose name follows the last one's even where a clock was set back."""
        day, number = today, 1
        if last is not None and _day(last) >= today:
            day, number = _day(last), int(last.name.split(".")[1]) + 1
        file = (self.folder / f"{day.isoformat()}.{number:06d}.jsonl").open("xb")
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)  # the name too is on the disk
        os.close(folder)
        for old in self._files():
            if _day(old) < today - KEEP:
                old.unlink()
        return file

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.jsonl"))


@contextmanager
def _told() -> Iterator[None]:
    """A full disk, or a folder that is not ours, is a stream that is away."""
    try:
        yield
    except OSError as error:
        raise StreamAwayError(str(error)) from error


def _day(file: Path) -> date:
    return date.fromisoformat(file.name.split(".")[0])


def _parsed(position: str | None) -> tuple[str, int]:
    name, _, offset = (position or "").rpartition(":")
    return name, int(offset or 0)


def _lines(file: Path, start: int, most: int) -> tuple[list[Record], int]:
    found: list[Record] = []
    offset = start
    with file.open("rb") as lines:
        lines.seek(start)
        while len(found) < most:
            line = lines.readline()
            if not line.endswith(b"\n"):
                break
            offset += len(line)
            found.append(Record(_subject(line), line[:-1]))
    return found, offset


def _subject(line: bytes) -> str:
    try:
        return str(json.loads(line)["subject"])
    except (ValueError, KeyError, TypeError):
        return ""  # no fact: whoever decodes it says so


def _cut_off_torn(file: BinaryIO) -> None:
    end = _end_of_lines(file)
    if end < file.seek(0, os.SEEK_END):
        file.truncate(end)


def _end_of_lines(file: BinaryIO) -> int:
    """Where the last whole line ends."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - 64 * 1024)
        file.seek(start)
        place = file.read(end - start).rfind(b"\n")
        if place >= 0:
            return start + place + 1
        end = start
    return 0
