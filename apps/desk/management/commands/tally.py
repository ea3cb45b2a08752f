from __future__ import annotations

from django.core.management.base import BaseCommand

from apps.desk.actions import recount


class Command(BaseCommand):
    help = "Count the queue's active tickets anew, after a load in bulk or a doubt."

    def handle(self, **options: object) -> None:
        self.stdout.write(f"{recount():,} active tickets counted")
