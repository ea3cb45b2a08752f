"""What CloudWatch tells of an alarm through SNS, in our words. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from apps.kernel.text import one_line

NAME, LONG = 255, 1000  # characters


class State(enum.StrEnum):
    """In CloudWatch's words."""

    ALARM = "ALARM"
    OK = "OK"
    UNKNOWN = "INSUFFICIENT_DATA"


# What the worker's page gets and is ours.
NOTICES = tuple(f"NewStateValue:{state.value}" for state in State)


class UnreadableError(Exception):
    """This is no notice of an alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`fingerprint` is the same for each notice of one alarm; `at` is when its state changed."""

    fingerprint: str
    name: str
    state: State
    at: datetime
    says: str
    why: str
    page: str  # in AWS's console, "" where the notice doesn't say enough


def read(notice: Mapping[str, Any]) -> Told:
    """Raises UnreadableError."""
    try:
        arn = str(notice.get("AlarmArn") or "")
        name = one_line(notice["AlarmName"])[:NAME]
        at = datetime.fromisoformat(notice["StateChangeTime"])
        # Older notices have no ARN, and their region is written for people.
        where = f"{notice['AWSAccountId']}:{notice['Region']}:{name}"
        return Told(
            fingerprint=(arn or where)[:NAME],
            name=name,
            state=State(notice["NewStateValue"]),
            at=at if at.tzinfo else at.replace(tzinfo=UTC),
            says=one_line(notice.get("AlarmDescription") or "")[:LONG],
            why=one_line(notice.get("NewStateReason") or "")[:LONG],
            page=_page(arn, name),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableError(f"no notice of an alarm: {error!r}") from error


def _page(arn: str, name: str) -> str:
    parts = arn.split(":")
    if len(parts) < 7:  # noqa: PLR2004 - arn:aws:cloudwatch:region:account:alarm:name
        return ""
    region = parts[3]
    console = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
    return f"{console}#alarmsV2:alarm/{quote(name, safe='')}"
