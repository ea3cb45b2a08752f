"""What a local SES holds. AWS's own keeps nothing that could be read."""

from __future__ import annotations

import hashlib
import json
import os
import urllib.request
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured

from apps.kernel import aws
from apps.kernel.ports import Location
from apps.notifications.outbox import NAME, Gone, Kept, OutboxAwayError, parsed

TIMEOUT = 10  # seconds


def outbox_of(location: Location) -> LocalSes | Gone:
    """A local AWS shows what was sent: whoever runs it is who reads it."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_SESV2") or os.environ.get("AWS_ENDPOINT_URL")
    return LocalSes(endpoint) if endpoint else Gone(location)


class LocalSes(Gone):
    """Subject, text and HTML of each mail of this account. Its headers are not kept there.

    Nothing can be deleted there: all of it is gone when the local AWS ends.
    """

    is_readable = True

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self.endpoint = endpoint.rstrip("/")

    def names(self) -> list[str]:
        return sorted(self._held(), reverse=True)

    def read(self, name: str) -> Kept | None:
        record = self._held().get(name) if NAME.fullmatch(name) else None
        return parsed(name, _written(record)) if record else None

    def _held(self) -> dict[str, dict[str, Any]]:
        try:
            account = aws.client("sts").get_caller_identity()["Account"]
            url = f"{self.endpoint}/_ministack/ses/messages?account={account}"
            with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310 - our own
                told = json.load(answer)
        except (OSError, BotoCoreError, ClientError, ImproperlyConfigured) as error:
            raise OutboxAwayError from error
        return {_name(record): record for record in told["messages"].get(account, ())}


def _name(record: dict[str, Any]) -> str:
    digest = hashlib.sha256(record["MessageId"].encode()).hexdigest()[:16]
    return f"{_moment(record):%Y%m%dT%H%M%S}-{digest}"


def _moment(record: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(record["Timestamp"], UTC)


def _written(record: dict[str, Any]) -> bytes:
    mail = EmailMessage()
    mail["From"] = record["Source"]
    mail["To"] = ", ".join(record["To"])
    mail["Subject"] = record["Subject"]
    mail["Date"] = format_datetime(_moment(record))
    mail["X-SES-Message-ID"] = record["MessageId"]
    mail.set_content(record["BodyText"] or "")
    if record["BodyHtml"]:
        mail.add_alternative(record["BodyHtml"], subtype="html")
    return bytes(mail)
