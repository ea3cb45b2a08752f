"""What SES tells of a mail that it took in and stored. Pure.

The form is SES's "notification contents" for receiving, with an action of type S3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.kernel.text import one_line

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
    notice: Any  # as it came, but for what no database takes


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
        store=one_line(action["bucketName"])[:80],
        key=one_line(action["objectKey"])[:300],
        carried_as=one_line(mail["messageId"])[:120],
        envelope_from=one_line(mail["source"])[:320],
        envelope_to=[one_line(address)[:320] for address in receipt["recipients"]],
        received_at=moment,
        spam=_verdict(receipt, "spamVerdict"),
        virus=_verdict(receipt, "virusVerdict"),
        notice=_storable(notice),
    )


def _verdict(receipt: Mapping[str, Any], name: str) -> str:
    return str((receipt.get(name) or {}).get("status", ""))[:20]


def _storable(value: Any) -> Any:
    """Strangers' headers are in it: without NUL and halves of characters."""
    match value:
        case str():
            return value.replace("\0", "").encode("utf-8", "replace").decode()
        case Mapping():
            return {_storable(key): _storable(inner) for key, inner in value.items()}
        case list():
            return [_storable(inner) for inner in value]
        case _:
            return value
