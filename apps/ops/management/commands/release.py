from __future__ import annotations

from django.core.management.base import BaseCommand

from apps.ops.release import release


class Command(BaseCommand):
    help = "Bring the database up to this release; every instance runs it before it serves."

    def handle(self, *, verbosity: int, **options: object) -> None:
        release(verbosity=verbosity)
