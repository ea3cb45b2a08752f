"""What SES tells of a mail that it took in and stored. Pure.

The form is SES's "notification contents" for receiving, with an action of type S3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

# What the worker's page gets and is ours: see apps.mail.actions.receive_notice.
NOTICES = ("notificationType:Received",)


class UnreadableError(Exception):
    """This is no notice of SES's about a mail that was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """`spam` and `virus` are SES's verdicts: PASS, FAIL, GRAY, PROCESSING_FAILED or ""."""

    store: str
    key: str
    carried_as: str
    envelope_from: str
    envelope_to: list[str]
    received_at: datetime
    spam: str
    virus: str


def arrival_in(notice: Mapping[str, Any]) -> Arrival:
    """Raises UnreadableError."""
    try:
        return _read(notice)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableError(f"no notice about a stored mail: {error!r}") from error


def _read(notice: Mapping[str, Any]) -> Arrival:
    mail, receipt = notice["mail"], notice["receipt"]
    action = receipt["action"]
    if notice.get("notificationType") != "Received" or action["type"] != "S3":
        raise ValueError(action)
    moment = datetime.fromisoformat(receipt.get("timestamp") or mail["timestamp"])
    return Arrival(
        store=str(action["bucketName"])[:80],
        key=str(action["objectKey"])[:300],
        carried_as=str(mail["messageId"])[:120],
        envelope_from=str(mail["source"])[:320],
        envelope_to=[str(address)[:320] for address in receipt["recipients"]],
        received_at=moment,
        spam=_verdict(receipt, "spamVerdict"),
        virus=_verdict(receipt, "virusVerdict"),
    )


def _verdict(receipt: Mapping[str, Any], name: str) -> str:
    return str((receipt.get(name) or {}).get("status", ""))[:20]
