"""Mail as it comes, and the boxes that it comes into."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest

from apps.kernel import aws as clients
from apps.mail import actions
from apps.mail.inbox import Inbox, inbox
from apps.mail.inbox.s3 import PREFIX
from tests.support import NOON

BUCKET = "desk-inbox"
SETUP = f"{PREFIX}AMAZON_SES_SETUP_NOTIFICATION"  # what SES leaves there once
RAW = (
    "From: Rachel <rachel@example.com>\r\nTo: help@desk.example.com\r\n"
    "Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\nMessage-ID: <1@example.com>\r\n"
    "Date: Mon, 4 May 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/html; charset=utf-8\r\n\r\n"
    "<p>Füße</p><script>alert(1)</script>\r\n"
).encode()


def notice(key: str = f"{PREFIX}m1", *, store: str = BUCKET, virus: str = "PASS") -> dict[str, Any]:
    """As SES writes it (developer guide, "contents of notifications for receiving")."""
    return {
        "notificationType": "Received",
        "receipt": {
            "timestamp": "2026-05-04T12:00:00.000Z",
            "processingTimeMillis": 222,
            "recipients": ["help@desk.example.com"],
            "spamVerdict": {"status": "PASS"},
            "virusVerdict": {"status": virus},
            "spfVerdict": {"status": "PASS"},
            "dkimVerdict": {"status": "GRAY"},
            "action": {
                "type": "S3",
                "topicArn": "arn:aws:sns:eu-central-1:123456789012:arrived",
                "bucketName": store,
                "objectKeyPrefix": PREFIX,
                "objectKey": key,
            },
        },
        "mail": {
            "timestamp": "2026-05-04T12:00:00.000Z",
            "source": "rachel@example.com",
            "messageId": "m1",
            "destination": ["help@desk.example.com"],
            "commonHeaders": {"subject": "Grüße"},
        },
    }


class Box(Protocol):
    inbox: Inbox

    def put(self, name: str, raw: bytes = RAW) -> str:
        """Store a mail as whoever brings it does. Its key."""

    def away(self) -> AbstractContextManager[None]:
        """Inside, the store can't be reached."""

    def everything(self) -> list[tuple[str, bytes]]:
        """All that lies there, older versions too: key and content, in the order of the keys."""


class FolderBox:
    def __init__(self, folder: Path, settings: Any) -> None:
        settings.INBOX_FOLDER = self.folder = folder
        folder.mkdir()
        self.inbox = inbox.build("folder:/nowhere")

    def put(self, name: str, raw: bytes = RAW) -> str:
        (self.folder / f"{name}.eml").write_bytes(raw)
        return f"{name}.eml"

    @contextmanager
    def away(self) -> Iterator[None]:
        there = self.folder.with_name("away")
        self.folder.rename(there)
        self.folder.write_text("no folder")
        yield
        self.folder.unlink()
        there.rename(self.folder)

    def everything(self) -> list[tuple[str, bytes]]:
        return [(path.name, path.read_bytes()) for path in sorted(self.folder.iterdir())]


class BucketBox:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client, self.monkeypatch = boto3.client("s3"), monkeypatch
        self.bucket = f"desk-inbox-{secrets.token_hex(6)}"  # a name that all accounts share
        where: Any = {"LocationConstraint": "eu-central-1"}
        self.client.create_bucket(Bucket=self.bucket, CreateBucketConfiguration=where)
        self.client.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        self.client.put_object(Bucket=self.bucket, Key=SETUP, Body=b"x")
        self.inbox = inbox.build(f"ses://desk?inbox={self.bucket}")

    def put(self, name: str, raw: bytes = RAW) -> str:
        self.client.put_object(Bucket=self.bucket, Key=f"{PREFIX}{name}", Body=raw)
        return f"{PREFIX}{name}"

    @contextmanager
    def away(self) -> Iterator[None]:
        with self.monkeypatch.context() as meanwhile:
            meanwhile.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
            clients.client.cache_clear()
            yield
        clients.client.cache_clear()

    def everything(self) -> list[tuple[str, bytes]]:
        told = self.client.list_object_versions(Bucket=self.bucket, Prefix=PREFIX)
        found = [(one["Key"], one["VersionId"]) for one in told.get("Versions", ())]
        return [(key, self._content(key, version)) for key, version in found if key != SETUP]

    def _content(self, key: str, version: str) -> bytes:
        answer = self.client.get_object(Bucket=self.bucket, Key=key, VersionId=version)
        return answer["Body"].read()


def later(minutes: int = 1) -> datetime:
    return NOON + timedelta(minutes=minutes)


def take_all(now: datetime) -> None:
    while actions.take_next(now=now):
        pass
