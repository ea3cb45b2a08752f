"""Files and the rows that name them, held against each other: what has no row, what has no file.

Both are read in pages: a desk may hold millions. A day's folder is the most that is in memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Model, QuerySet

from apps.kernel.actors import SYSTEM
from apps.kernel.storage import store
from apps.kernel.uploads import stored_before
from apps.knowledge.models import ArticleImage
from apps.knowledge.pictures import FOLDER as PICTURES
from apps.tickets import actions, keeping
from apps.tickets.files import FOLDER as ATTACHMENTS
from apps.tickets.models import Attachment, Upload

PAGE = 500
# What is younger may belong to an action that is under way, or to a form still being written.
GRACE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of the storage, and who names its files: rows, or another part of the desk."""

    folder: str
    rows: Callable[[], QuerySet[Model]]
    is_kept: Callable[[str], bool] = field(default=lambda _key: False)
    others: Sequence[Callable[[], QuerySet[Model]]] = ()


SHELVES = (
    Shelf(
        ATTACHMENTS,
        lambda: Attachment.objects.filter(redacted_at=None),
        keeping.is_kept,
        (Upload.objects.all,),
    ),
    Shelf(PICTURES, ArticleImage.objects.all),
)


def orphans(shelf: Shelf, *, now: datetime) -> Iterator[str]:
    """Keys of what has been stored for longer than GRACE and nothing names."""
    keys = stored_before(shelf.folder, now - GRACE)
    while page := list(itertools.islice(keys, PAGE)):
        left = set(page)
        for rows in (shelf.rows, *shelf.others):
            left -= named_in(rows(), left)
        left = {key for key in left if not shelf.is_kept(key)}
        # A draft's file becomes a message's, and may have moved between the two questions.
        left -= named_in(shelf.rows(), left)
        yield from (key for key in page if key in left)


def named_in(rows: QuerySet[Model], keys: Collection[str]) -> set[str]:
    """Those of the keys that a row names."""
    return set(rows.filter(key__in=keys).values_list("key", flat=True)) if keys else set()


def missing(shelf: Shelf) -> Iterator[Model]:
    """Rows whose file the storage doesn't have."""
    there = _Folders()
    for row in _in_pages(shelf.rows()):
        key: str = row.key  # type: ignore[attr-defined]
        # What has come since its folder was listed is asked for by itself.
        if key not in there.of(key) and not store().exists(key):
            yield row


def found_again(*, now: datetime) -> int:
    """Take the mark from files that are there after all. Returns how many."""
    there, count = _Folders(), 0
    for row in _in_pages(Attachment.objects.exclude(missing_at=None)):
        assert isinstance(row, Attachment)
        if row.key in there.of(row.key):
            actions.record_missing(attachment=row, is_missing=False, actor=SYSTEM, now=now)
            count += 1
    return count


def repair(row: Model, *, now: datetime) -> bool:
    """Bring a missing file back from an older version. One that has none is marked on its ticket.

    Whether it is back.
    """
    is_back = store().restore(row.key)  # type: ignore[attr-defined]
    if isinstance(row, Attachment):
        actions.record_missing(attachment=row, is_missing=not is_back, actor=SYSTEM, now=now)
    return is_back


class _Folders:
    """Keys of one folder at a time: rows in the order they were made come day by day."""

    def __init__(self) -> None:
        self._folder, self._keys = "", frozenset[str]()

    def of(self, key: str) -> Collection[str]:
        folder = key.rpartition("/")[0]
        if folder != self._folder:
            self._folder = folder
            self._keys = frozenset(kept.key for kept in store().walk(folder))
        return self._keys


def _in_pages(rows: QuerySet[Model]) -> Iterator[Model]:
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk")[:PAGE]):
        yield from page
        last = page[-1].pk
