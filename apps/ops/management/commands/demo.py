from __future__ import annotations

import gc
import time
from argparse import ArgumentParser

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from apps.kernel.postgresql.patience import look_at_tables, unhurried
from demo.library import load_articles
from demo.load import NotEmptyError, load
from demo.reading import load_desk


class Command(BaseCommand):
    help = "Load a bank's service desk with any number of tickets into an empty desk."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tickets", type=int, default=300)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *, tickets: int, seed: int, **options: object) -> None:
        if tickets < 1:
            raise CommandError("--tickets: at least 1")
        start = time.monotonic()
        end = timezone.now()
        gc.disable()  # rows make no cycles: looking for some would take a fifth of the time
        try:
            with unhurried(), transaction.atomic():
                load(tickets=tickets, seed=seed, end=end, told=self._tell)
                articles = load_articles(load_desk(), end=end, seed=seed)
        except NotEmptyError:
            raise CommandError("There are tickets already: the demo needs an empty desk") from None
        finally:
            gc.enable()
        look_at_tables()
        call_command("reindex", stdout=self.stdout)
        took = time.monotonic() - start
        self.stdout.write(f"{tickets:,} tickets and {articles} articles in {took:.1f} s")

    def _tell(self, done: int) -> None:
        self.stdout.write(f"  {done:,} tickets", ending="\r")
        self.stdout.flush()
