from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.ops.chores import cron_yaml


class Command(BaseCommand):
    help = "Compare cron.yaml with the table of chores, or write it anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--check", action="store_true")
        what.add_argument("--write", action="store_true")

    def handle(self, *, write: bool, **options: object) -> None:
        path = Path(settings.BASE_DIR) / "cron.yaml"
        if write:
            path.write_text(cron_yaml())
        elif not path.exists() or path.read_text() != cron_yaml():
            raise CommandError("cron.yaml differs from the chores. Run: manage.py chores --write")
