from __future__ import annotations

import dataclasses
import json
import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from apps.ops.doctor import Finding, examine
from apps.ops.doctor.table import PROBES


class Command(BaseCommand):
    help = "Prove each service of this desk by using it; exits with 1 when one fails."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")
        names = [probe.name for probe in PROBES]
        parser.add_argument(
            "--only", nargs="+", choices=names, metavar="NAME", help=", ".join(names)
        )

    def handle(self, *, only: list[str] | None, **options: object) -> None:
        findings = examine([probe for probe in PROBES if not only or probe.name in only])
        if options["json"]:
            told = [dataclasses.asdict(finding) for finding in findings]
            self.stdout.write(json.dumps(told, indent=2, ensure_ascii=False))
        else:
            for finding in findings:
                self.stdout.write(_line(finding))
        ill = [finding.name for finding in findings if not finding.is_well]
        if ill:
            if options["json"]:
                sys.exit(1)
            raise CommandError(f"{len(ill)} of {len(findings)} failed: {', '.join(ill)}")


def _line(finding: Finding) -> str:
    sign = "✓" if finding.is_well else "✗"
    line = f"{sign} {finding.title}: {finding.said} ({finding.milliseconds} ms)"
    if finding.is_well:
        return line
    return f"{line}\n    Look at {finding.variable}. {finding.next_step}"
