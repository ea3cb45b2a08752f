from __future__ import annotations

import dataclasses
import json
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta

from django.core.management.base import BaseCommand

from apps.webhooks.usage import used_since


class Command(BaseCommand):
    help = "Say who used which fact or part of the API lately, for whoever changes one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=30)
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *, days: int, as_json: bool, **options: object) -> None:
        uses = used_since((datetime.now(UTC) - timedelta(days=days)).date())
        if as_json:
            told = [dataclasses.asdict(use) | {"last": use.last.isoformat()} for use in uses]
            self.stdout.write(json.dumps(told, indent=2))
            return
        for use in uses:
            times = f"{use.times} times, " if use.times else ""
            self.stdout.write(f"{use.contract}: {use.consumer}, {times}last {use.last}")
