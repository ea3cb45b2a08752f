from __future__ import annotations

import subprocess
from argparse import ArgumentParser
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.migrations.loader import MigrationLoader

from apps.ops.expanding import LABEL, unbearable


class Command(BaseCommand):
    help = (
        "Hold the migrations that were added since a commit to the rule that they expand: the"
        " release before must work on the new schema."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", required=True, help="the commit that is live")
        parser.add_argument("--repository", type=Path, default=settings.BASE_DIR)

    def handle(self, *, since: str, repository: Path, **options: object) -> None:
        there = set(_files(repository, since))
        loader = MigrationLoader(None)
        paths = {
            config.label: Path(config.path).relative_to(settings.BASE_DIR).as_posix()
            for config in apps.get_app_configs()
            if config.name.startswith("apps.")
        }
        ours = {key: each for key, each in loader.disk_migrations.items() if key[0] in paths}
        old = [key for key in ours if f"{paths[key[0]]}/migrations/{key[1]}.py" in there]
        new = [each for key, each in ours.items() if key not in old]
        then = loader.project_state(old, at_end=True)
        found = unbearable(new, then)
        if found:
            raise CommandError(
                "The release before can't work with:\n  "
                + "\n  ".join(found)
                + "\nExpand first, and"
                f' contract in a later release; or write in the migration: {LABEL} = "why it can"'
            )
        for each in new:
            reason = getattr(each, LABEL, "")
            told = f"bearable: {reason}" if reason else "expands"
            self.stdout.write(f"{each.app_label}.{each.name}: {told}")


def _files(repository: Path, commit: str) -> list[str]:
    done = subprocess.run(  # noqa: S603 - our own words
        ["git", "ls-tree", "-r", "--name-only", commit],  # noqa: S607 - the developer's git
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"{commit} is not known here: {done.stderr.strip()}")
    return done.stdout.splitlines()
