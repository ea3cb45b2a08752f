"""The doctor in a desk whose processes run."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.e2e.desk import ROOT, Desk


def test_all_is_well_until_a_worker_dies(desk_on_services: Desk) -> None:
    desk = desk_on_services
    findings = json.loads(desk.manage("doctor", "--json"))
    left = desk.run("from apps.ops.models import Probe; print(Probe.objects.count())")
    desk.kill("worker")

    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=ROOT,
        env=desk.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert [finding for finding in findings if not finding["is_well"]] == []
    assert left == "0"
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("✗")] == [
        line for line in done.stdout.splitlines() if line.startswith("✗ Jobs: no worker did a job")
    ]
    assert "Look at BROKER_URL." in done.stdout
    assert done.stderr.strip().endswith("1 of 19 failed: jobs")
