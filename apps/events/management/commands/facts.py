from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.events.facts import registered, schema


class Command(BaseCommand):
    help = "Compare the schemas of facts with their snapshot, or write it down anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--check", action="store_true")
        what.add_argument("--write", action="store_true")

    def handle(self, *, write: bool, **options: object) -> None:
        snapshot = Path(settings.BASE_DIR) / "contracts" / "facts.json"
        now = {name: schema(fact) for name, fact in registered().items()}
        if write:
            snapshot.write_text(json.dumps(now, indent=2) + "\n")
            return
        then = json.loads(snapshot.read_text())
        differing = sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
        if differing:
            raise CommandError(
                f"Facts differ from contracts/facts.json: {', '.join(differing)}. Give a changed"
                " fact a new version, then run: manage.py facts --write"
            )
