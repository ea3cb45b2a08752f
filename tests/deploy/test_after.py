"""What is done once the stacks stand: SES takes in mail by the stage's rules, and nobody's else."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner

from deploy import after, stacks
from deploy.commands import main

TEMPLATE = """
Resources:
  Queue: {Type: AWS::SQS::Queue}
Outputs:
  ReceiptRuleSet: {Value: tendril-staging}
"""


@pytest.fixture(autouse=True)
def account(aws: dict[str, str]) -> None:
    """Every test has an account of its own, with a stage whose rules were made."""
    boto3.client("cloudformation").create_stack(
        StackName="tendril-staging-messaging", TemplateBody=TEMPLATE
    )
    boto3.client("ses").create_receipt_rule_set(RuleSetName="tendril-staging")


def active() -> str:
    told = boto3.client("ses").describe_active_receipt_rule_set()
    name: str = told.get("Metadata", {}).get("Name", "")
    return name


def finish() -> list[str]:
    return list(after.finish(stage="staging"))


def test_the_stages_rules_become_the_active_ones() -> None:
    first, second = finish(), finish()

    assert first == ["mail in ... active"]
    assert second == ["mail in ... unchanged"]
    assert active() == "tendril-staging"


def test_rules_that_are_active_already_are_left_alone_and_named() -> None:
    boto3.client("ses").create_receipt_rule_set(RuleSetName="tendril-production")
    boto3.client("ses").set_active_receipt_rule_set(RuleSetName="tendril-production")

    (line,) = finish()

    assert active() == "tendril-production"
    assert "NOT active: SES takes in mail by the rules of tendril-production" in line
    assert "--rule-set-name tendril-staging" in line


def test_a_stage_without_such_rules_needs_nothing() -> None:
    stacks.apply("messaging", stage="local", parameters={})

    assert list(after.finish(stage="local")) == []


def test_what_is_refused_is_one_line() -> None:
    boto3.client("ses").delete_receipt_rule_set(RuleSetName="tendril-staging")

    with pytest.raises(stacks.StackError, match=r"mail in of staging: .*RuleSetDoesNotExist"):
        finish()


def test_up_does_it_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "ORDER", ("messaging",))
    monkeypatch.setattr(stacks, "INFRA", tmp_path)
    (tmp_path / "messaging.yaml").write_text(TEMPLATE)

    done = CliRunner().invoke(main, ["up", "--stage", "staging", "--yes"])

    assert done.exit_code == 0, done.output
    assert done.output.endswith("mail in ... active\n")


def test_the_template_says_which_rules() -> None:
    template = (stacks.INFRA / "messaging.yaml").read_text()

    assert "  ReceiptRuleSet:\n    Condition: NotLocal\n" in template
