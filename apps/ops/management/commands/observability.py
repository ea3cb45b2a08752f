from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.ops.metrics.cloud import DOCS, resources
from apps.ops.metrics.runbooks import page

TEMPLATE = "infra/observability.yaml"
BEGIN = (
    "  # Made by `manage.py observability --write` from apps/ops/metrics, down to the next mark.\n"
)
END = "  # Down to here.\n"


class Command(BaseCommand):
    help = "Compare dashboard, alarms and their runbooks with the tables, or write them anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--check", action="store_true")
        what.add_argument("--write", action="store_true")

    def handle(self, *, write: bool, **options: object) -> None:
        root = Path(settings.BASE_DIR)
        template = (root / TEMPLATE).read_text()
        made = {TEMPLATE: _with_resources(template), DOCS: page()}
        for name, text in made.items():
            path = root / name
            if write:
                path.write_text(text)
            elif not path.exists() or path.read_text() != text:
                raise CommandError(
                    f"{name} differs from the tables. Run: manage.py observability --write"
                )


def _with_resources(template: str) -> str:
    """The template, with what is made between its two marks; what is written by hand stays."""
    before, begin, rest = template.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise CommandError(f"{TEMPLATE} has lost the lines between which it is made")
    lines = yaml.dump(resources(), sort_keys=False, width=1000, Dumper=_Plain).splitlines()
    return before + BEGIN + "".join(f"  {line}".rstrip() + "\n" for line in lines) + END + after


class _Plain(yaml.SafeDumper):
    """Nothing is said by reference, and texts of several lines keep them."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    style = "|" if "\n" in data else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Plain.add_representer(str, _text)
