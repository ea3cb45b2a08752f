"""What SES tells of mails that it took, in our words. Pure.

The form is SES's "event data" for SNS, with `eventType` from a configuration set and
`notificationType` from an identity; both name their parts alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.kernel.text import one_line
from apps.notifications.carrying import LABEL
from apps.notifications.standing import Kind

# What the worker's page gets and is ours: see apps.notifications.actions.handle_feedback.
NOTICES = (
    *("eventType:Bounce", "eventType:Complaint", "eventType:Delivery"),
    *("eventType:DeliveryDelay", "eventType:Reject", "eventType:Send"),
    *("notificationType:Bounce", "notificationType:Complaint", "notificationType:Delivery"),
)
DETAIL = 300  # characters
# Subtypes of "Transient" that say nothing of the address.
_ODD = {"MessageTooLarge", "ContentRejected", "AttachmentRejected"}


class UnreadableError(Exception):
    """This is no notice of SES's about a mail."""


@dataclass(frozen=True, slots=True)
class Heard:
    """`label` is our own number of the mail, "" if it carries none."""

    carried_as: str
    label: str
    address: str
    kind: Kind
    at: datetime
    detail: str


def heard_in(notice: Mapping[str, Any]) -> list[Heard]:
    """One for each address that the notice is about. Raises UnreadableError."""
    try:
        return list(_read(notice))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableError(f"no notice about a mail: {error!r}") from error


def _read(notice: Mapping[str, Any]) -> Iterator[Heard]:
    mail = notice["mail"]
    label = _first((mail.get("tags") or {}).get(LABEL) or ())
    for address, kind, at, detail in _about(notice, mail):
        yield Heard(
            carried_as=one_line(mail["messageId"])[:100],
            label=label,
            address=_bare(address),
            kind=kind,
            at=at,
            detail=one_line(str(detail))[:DETAIL],
        )


_About = Iterator[tuple[str, Kind, datetime, str]]


def _about(notice: Mapping[str, Any], mail: Mapping[str, Any]) -> _About:
    match notice.get("eventType") or notice["notificationType"]:
        case "Bounce":
            yield from _bounced(notice["bounce"])
        case "Complaint":
            yield from _complained(notice["complaint"])
        case "Delivery":
            told = notice["delivery"]
            for address in told["recipients"]:
                yield (
                    address,
                    Kind.DELIVERED,
                    _time(told["timestamp"]),
                    told.get("smtpResponse", ""),
                )
        case "DeliveryDelay":
            told = notice["deliveryDelay"]
            for one in told["delayedRecipients"]:
                detail = one.get("diagnosticCode") or told.get("delayType", "")
                yield one["emailAddress"], Kind.DELAYED, _time(told["timestamp"]), detail
        case "Reject":
            reason = notice["reject"].get("reason", "")
            for address in mail["destination"]:
                yield address, Kind.REFUSED, _time(mail["timestamp"]), reason
        case "Send":
            return
        case other:
            raise ValueError(other)


def _bounced(told: Mapping[str, Any]) -> _About:
    if told["bounceType"] == "Permanent":
        kind = Kind.HARD
    else:
        kind = Kind.ODD if told.get("bounceSubType") in _ODD else Kind.SOFT
    for one in told["bouncedRecipients"]:
        words = one.get("diagnosticCode") or one.get("status") or told.get("bounceSubType", "")
        yield one["emailAddress"], kind, _time(told["timestamp"]), words


def _complained(told: Mapping[str, Any]) -> _About:
    words = told.get("complaintFeedbackType") or told.get("complaintSubType") or ""
    if words == "not-spam":  # its reader took it out of the spam folder
        return
    for one in told["complainedRecipients"]:
        yield one["emailAddress"], Kind.COMPLAINT, _time(told["timestamp"]), words


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _bare(address: str) -> str:
    """`Name <a@b>` and `<a@b>` as `a@b`, in lower case."""
    return address.rpartition("<")[2].rstrip("> ").strip().lower()


def _first(values: Sequence[str]) -> str:
    return str(values[0]) if values else ""
