from __future__ import annotations

import time

from django.core.management.base import BaseCommand, CommandError

from apps.kernel.postgresql.patience import unhurried
from apps.search import upkeep
from apps.search.documents import Kind
from apps.search.errors import RebuildUnderWayError


class Command(BaseCommand):
    help = (
        "Build the search index anew beside the live one, which answers meanwhile, and switch. "
        "Run again after it was interrupted, it goes on."
    )

    def handle(self, **options: object) -> None:
        start = time.monotonic()
        try:
            with unhurried():
                upkeep.rebuild(self._tell)
        except RebuildUnderWayError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"The index is new, after {time.monotonic() - start:.1f} s")

    def _tell(self, done: int, kind: Kind) -> None:
        self.stdout.write(f"  {done:,} {kind}s", ending="\r")
        self.stdout.flush()
