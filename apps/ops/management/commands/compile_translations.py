from __future__ import annotations

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.ops.catalogues import compile_all


class Command(BaseCommand):
    help = "Compile the translations that changed; `release` and `make` do so by themselves."

    def handle(self, *, verbosity: int, **options: object) -> None:
        for folder in settings.LOCALE_PATHS:
            for path in compile_all(folder):
                if verbosity:
                    self.stdout.write(str(path.relative_to(settings.BASE_DIR)))
