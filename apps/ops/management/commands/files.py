from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.kernel.storage import FilesAwayError, store
from apps.ops import stored


class Command(BaseCommand):
    help = (
        "Hold stored files against the rows that name them: says what is stored and named by"
        " nothing (orphans), and what is named and not stored (missing). Fails when something is"
        " missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="delete orphans that are older than two days; bring missing files back from an"
            " older version, where the bucket keeps them, and mark the others on their tickets",
        )

    def handle(self, *, repair: bool = False, **_options: Any) -> None:
        now = timezone.now()
        try:
            orphans = self._orphans(repair=repair, now=now)
            missing = self._missing(repair=repair, now=now)
            again = stored.found_again(now=now) if repair else 0
        except FilesAwayError as error:
            raise CommandError("the storage can't be reached: the log says why") from error
        if again:
            self.stdout.write(f"{again} missed before, there now")
        self.stdout.write(f"{orphans} orphans{' deleted' if repair else ''}, {missing} missing")
        if missing:
            raise CommandError(f"{missing} files are missing")

    def _orphans(self, *, repair: bool, now: datetime) -> int:
        count = 0
        for key in itertools.chain.from_iterable(
            stored.orphans(shelf, now=now) for shelf in stored.SHELVES
        ):
            self.stdout.write(f"orphan {key}")
            if repair:
                store().delete(key)
            count += 1
        return count

    def _missing(self, *, repair: bool, now: datetime) -> int:
        count = 0
        for row in itertools.chain.from_iterable(map(stored.missing, stored.SHELVES)):
            is_back = repair and stored.repair(row, now=now)
            told = "restored" if is_back else "missing"
            self.stdout.write(f"{told} {row._meta.label} {row.pk} {row.key}")  # type: ignore[attr-defined]
            count += not is_back
        return count
