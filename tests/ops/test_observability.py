"""Alarms, dashboard and runbooks: made from the tables, and fit for CloudFormation."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from apps.ops.metrics import runbooks
from apps.ops.metrics.alarms import ALARMS
from apps.ops.metrics.cloud import resources
from apps.ops.metrics.table import BY_NAME, METRICS, NAMESPACE, Kind
from deploy import stacks

TEMPLATE = Path(settings.BASE_DIR) / "infra" / "observability.yaml"
MISSING = {"breaching", "notBreaching", "ignore", "missing"}


def test_every_alarm_looks_at_a_figure_that_there_is() -> None:
    for alarm in ALARMS:
        for source in filter(None, (alarm.of, alarm.ratio_of)):
            if source.namespace == NAMESPACE:
                metric = BY_NAME[source.name]
                assert not source.statistic.startswith("p") or metric.kind is Kind.VALUE, alarm.name


def test_every_alarm_can_be_understood_and_acted_on() -> None:
    names = [alarm.name for alarm in ALARMS]

    assert len(set(names)) == len(names)
    for alarm in ALARMS:
        assert alarm.look, alarm.name
        assert alarm.do, alarm.name
        assert alarm.points <= alarm.periods
        assert alarm.missing in MISSING
        # CloudWatch looks at a day at most.
        assert alarm.period * alarm.periods <= 86_400


def test_every_alarm_that_a_runbook_names_has_one() -> None:
    names = {alarm.name for alarm in ALARMS}
    for alarm in ALARMS:
        for step in (*alarm.look, *alarm.do):
            named = re.findall(r"(?<!\*)\*([a-z]+(?:-[a-z]+)+)\*(?!\*)", step)
            assert set(named) <= names, alarm.name


def test_every_figure_is_on_the_dashboard_and_on_the_page() -> None:
    body = resources()["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    page = runbooks.page()

    json.loads(body)
    for metric in METRICS:
        assert f'"{metric.name}"' in body
        assert f"| {metric.name} |" in page


def test_what_is_written_is_what_the_tables_say() -> None:
    call_command("observability", check=True)


@pytest.mark.parametrize("name", ["infra/observability.yaml", "docs/alarms.md"])
def test_what_was_changed_by_hand_is_noticed(name: str, tmp_path: Path, settings: Any) -> None:
    root = Path(settings.BASE_DIR)
    for each in ("infra/observability.yaml", "docs/alarms.md"):
        (tmp_path / each).parent.mkdir()
        (tmp_path / each).write_text((root / each).read_text())
    changed = (tmp_path / name).read_text().replace("300", "301", 1)
    (tmp_path / name).write_text(changed)
    settings.BASE_DIR = tmp_path

    with pytest.raises(CommandError, match=f"{name} differs"):
        call_command("observability", check=True)
    call_command("observability", write=True)
    call_command("observability", check=True)


def test_the_template_can_be_sent_with_its_call() -> None:
    """CloudFormation takes 51,200 bytes so; more would need a bucket first."""
    assert len(TEMPLATE.read_bytes()) < 50_000


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("TreatMissingData: breaching", "TreatMissingData: alarming"),
        ("GreaterThanOrEqualToThreshold", "GreaterThanEver"),
        ("- Ref: Alarms", "- Ref: Alarmz"),
        ("Condition: WithBudget", "Condition: WithBudgets"),
        ("S3BucketName: !Ref TrailBucket", "S3Bucket: !Ref TrailBucket"),
        ("RetentionInDays: !Ref LogDays", "RetentionInDays: 31"),
    ],
)
def test_a_wrong_template_is_caught(right: str, wrong: str, tmp_path: Path) -> None:
    text = TEMPLATE.read_text()
    assert right in text
    mutated = tmp_path / "observability.yaml"
    mutated.write_text(text.replace(right, wrong, 1))

    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(
        [linter, "--non-zero-exit-code", "warning", str(mutated)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode != 0, done.stdout


def test_a_local_stack_has_alarms_that_look_at_the_desks_figures(aws: dict[str, str]) -> None:
    stacks.apply("messaging", stage="local", parameters={})
    stacks.apply("observability", stage="local", parameters={})

    found = boto3.client("cloudwatch").describe_alarms(MaxRecords=100)["MetricAlarms"]
    made = {alarm["AlarmName"]: alarm for alarm in found}
    late = made["tendril-local-journal-late"]
    assert late["MetricName"] == "JournalLag"
    assert late["Dimensions"] == [{"Name": "Stage", "Value": "local"}]
    assert [action.rpartition(":")[2] for action in late["AlarmActions"]] == [
        "tendril-local-alarms"
    ]
    assert len(made) == sum(1 for alarm in ALARMS if not (alarm.elsewhere or alarm.ratio_of))
