from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.ops.proxy import directives

FILE = ".platform/nginx/conf.d/elasticbeanstalk/20_settings.conf"


class Command(BaseCommand):
    help = "Compare what nginx is told with the desk's settings, or write them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--check", action="store_true", help=FILE)
        what.add_argument("--write", metavar="PATH", help=f"such as {FILE}")

    def handle(self, *, write: str | None, **options: object) -> None:
        if write is not None:
            Path(write).write_text(directives())
            return
        path = Path(settings.BASE_DIR) / FILE
        if not path.exists() or path.read_text() != directives():
            raise CommandError(
                f"{FILE} is not of these settings. Run: manage.py nginx --write {FILE}"
            )
