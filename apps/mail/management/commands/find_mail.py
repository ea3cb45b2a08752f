from __future__ import annotations

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.mail import actions


class Command(BaseCommand):
    help = "Enter the mails that are stored and that no notice told of; the next minute reads them."

    def handle(self, **options: object) -> None:
        found = actions.enter_unannounced(now=timezone.now())
        self.stdout.write(f"{found} mails entered that no notice had told of.")
