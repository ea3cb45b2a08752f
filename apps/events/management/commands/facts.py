from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

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
        then = json.loads(snapshot.read_text())
        if write:
            broken = sorted(name for name in then if not _follows(then[name], name))
            if broken:
                raise CommandError(
                    f"Whoever reads these would break: {', '.join(broken)}. Only add fields that"
                    " have a default; for anything else give the fact a higher version."
                )
            snapshot.write_text(json.dumps(now, indent=2) + "\n")
            return
        differing = sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
        if differing:
            raise CommandError(
                f"Facts differ from contracts/facts.json: {', '.join(differing)}. Give a changed"
                " fact a new version, then run: manage.py facts --write"
            )


def _follows(then: dict[str, Any], name: str) -> bool:
    """Whether readers of the fact as it was understand it as it is now."""
    fact = registered().get(name)
    if fact is None:
        return False
    now = schema(fact)
    if now["version"] > then["version"]:
        return True
    if then["fields"].items() - now["fields"].items():
        return False
    added = now["fields"].keys() - then["fields"].keys()
    return all(f.default is not MISSING for f in fields(fact) if f.name in added)
