from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from apps.ops.smoke import complaints


class Command(BaseCommand):
    help = "Ask the instance at an address what it must answer before anybody is sent there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--at", required=True, help="such as http://127.0.0.1")
        parser.add_argument("--within", type=float, default=60, help="seconds; 60 unless told")

    def handle(self, *, at: str, within: float, **options: object) -> None:
        found = complaints(at, within=within)
        if found:
            raise CommandError("\n".join(["This instance does not serve:", *found]))
        self.stdout.write("This instance serves.")
