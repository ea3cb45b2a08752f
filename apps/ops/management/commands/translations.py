from __future__ import annotations

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.ops.catalogues import found_in, update


class Command(BaseCommand):
    help = "Bring the catalogues in locale/ up to the sources, and say what each still lacks."

    def handle(self, **options: object) -> None:
        (folder,) = settings.LOCALE_PATHS
        found = found_in(settings.BASE_DIR)
        for code, _name in settings.LANGUAGES:
            if code == settings.LANGUAGE_CODE:
                continue  # the sources are in it
            catalog = update(folder, code, found)
            texts = [message for message in catalog if message.id]
            lacks = sum(not _is_translated(message.string) for message in texts)
            self.stdout.write(f"{code}: {len(texts)} texts, {lacks} without translation")


def _is_translated(string: object) -> bool:
    return all(string) if isinstance(string, (list, tuple)) else bool(string)
