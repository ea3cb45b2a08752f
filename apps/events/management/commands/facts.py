from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.events.bodies import contracts
from apps.events.facts import registered, schema

Contracts = dict[str, dict[str, Any]]


class Command(BaseCommand):
    help = (
        "Compare the schemas of facts, and of the bodies that carry them out of the desk, with"
        " their snapshots; or write them down anew."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--check", action="store_true")
        what.add_argument("--write", action="store_true")

    def handle(self, *, write: bool, **options: object) -> None:
        facts = {name: schema(fact) for name, fact in registered().items()}
        for file, now in (("facts.json", facts), ("bodies.json", contracts())):
            path = Path(settings.BASE_DIR) / "contracts" / file
            then: Contracts = json.loads(path.read_text()) if path.exists() else {}
            if write:
                _write(path, then, now)
            else:
                _check(path, then, now)


def _check(path: Path, then: Contracts, now: Contracts) -> None:
    differing = sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
    if differing:
        raise CommandError(
            f"Facts differ from contracts/{path.name}: {', '.join(differing)}. Give what changed"
            " a new version, then run: manage.py facts --write"
        )


def _write(path: Path, then: Contracts, now: Contracts) -> None:
    broken = sorted(name for name in then if not _follows(name, then[name], now.get(name)))
    if broken:
        raise CommandError(
            f"Whoever reads these would break: {', '.join(broken)}. Only add fields that"
            " have a default; for anything else give it a higher version."
        )
    path.write_text(json.dumps(now, indent=2) + "\n")


def _follows(name: str, then: dict[str, Any], now: dict[str, Any] | None) -> bool:
    """Whether readers of it as it was understand it as it is now."""
    if now is None:
        return False
    if now["version"] > then["version"]:
        return True
    if then["fields"].items() - now["fields"].items():
        return False
    fact = registered().get(name)
    if fact is None:  # a body: every reader ignores what it doesn't know
        return True
    # A fact is read again, by us, from before the field was there.
    added = now["fields"].keys() - then["fields"].keys()
    return all(f.default is not MISSING for f in fields(fact) if f.name in added)
