from __future__ import annotations

import gc
import time
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from demo.load import NotEmptyError, load


class Command(BaseCommand):
    help = "Load a bank's service desk with any number of tickets into an empty desk."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tickets", type=int, default=300)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *, tickets: int, seed: int, **options: object) -> None:
        if tickets < 1:
            raise CommandError("--tickets: at least 1")
        start = time.monotonic()
        gc.disable()  # rows make no cycles: looking for some would take a fifth of the time
        try:
            load(tickets=tickets, seed=seed, end=timezone.now(), told=self._tell)
        except NotEmptyError:
            raise CommandError("There are tickets already: the demo needs an empty desk") from None
        finally:
            gc.enable()
        took = time.monotonic() - start
        self.stdout.write(f"{tickets:,} tickets in {took:.1f} s")

    def _tell(self, done: int) -> None:
        self.stdout.write(f"  {done:,} tickets", ending="\r")
        self.stdout.flush()
