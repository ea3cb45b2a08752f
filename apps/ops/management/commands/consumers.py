from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta

from django.core.management.base import BaseCommand

from apps.webhooks.usage import told, used_since


class Command(BaseCommand):
    help = (
        "Say who used which fact or part of the API lately, for whoever changes one. With --json"
        " as a release asks for it, without names that people gave."
    )
    # A release asks an instance of a desk that may be ill: no more than this must work.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=30)
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *, days: int, as_json: bool, **options: object) -> None:
        now = datetime.now(UTC)
        uses = used_since((now - timedelta(days=days)).date())
        if as_json:
            self.stdout.write(json.dumps(told(uses, now=now, days=days), separators=(",", ":")))
            return
        for use in uses:
            times = f"{use.times} times, " if use.times else ""
            self.stdout.write(f"{use.contract}: {use.consumer}, {times}last {use.last}")
