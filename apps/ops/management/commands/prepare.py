from __future__ import annotations

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from apps.tickets.models import Ticket


class Command(BaseCommand):
    help = "What `make run` does before it starts the desk: migrate, and load the demo once."

    def handle(self, **options: object) -> None:
        call_command("release", verbosity=0)
        if settings.DEMO and not Ticket.objects.exists():
            call_command("demo")
