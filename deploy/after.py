"""What CloudFormation leaves undone once the stacks of a stage stand."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deploy.stacks import StackError


def finish(*, stage: str) -> Iterator[str]:
    """Do it; twice is once. Yields a line for each thing, as it is done. Raises StackError."""
    try:
        rules = _rule_set_of(stage)
        if rules:
            yield f"mail in ... {_activate(rules)}"
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"mail in of {stage}: {error}") from error


def _rule_set_of(stage: str) -> str:
    """Of the stack's outputs; "" where mail isn't taken in by SES, as on a local AWS."""
    stack = f"tendril-{stage}-messaging"
    found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    told = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    return told.get("ReceiptRuleSet", "")


def _activate(rules: str) -> str:
    """SES takes in no mail by a rule set before it is active, and no template can say that it is.

    An account has one active set in a region. Another one may bring somebody else's mail, or
    another stage's, and is left alone.
    """
    client = boto3.client("ses")
    active = client.describe_active_receipt_rule_set().get("Metadata", {}).get("Name", "")
    if active == rules:
        return "unchanged"
    if active:
        return (
            f"NOT active: SES takes in mail by the rules of {active}, of which it has one set. To"
            f" have it take in this stage's instead: aws ses set-active-receipt-rule-set"
            f" --rule-set-name {rules}"
        )
    client.set_active_receipt_rule_set(RuleSetName=rules)
    return "active"
