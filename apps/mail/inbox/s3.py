from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured

from apps.kernel import aws
from apps.kernel.ports import Location
from apps.mail.inbox import Inbox, InboxAwayError, Raw, RawMissingError
from apps.mail.inbox.folder import FolderInbox

PREFIX = "mail/"  # where infra/messaging.yaml has SES put them
_SETUP = "AMAZON_SES_SETUP_NOTIFICATION"  # what SES leaves there once, and is no mail
_GONE = {"NoSuchKey", "404", "NoSuchVersion"}


def inbox_of(location: Location) -> Inbox:
    """A desk that only sends has no bucket."""
    bucket = parse_qs(location.query).get("inbox", [""])[-1]
    return BucketInbox(bucket) if bucket else FolderInbox(location)


class BucketInbox:
    announces = True

    def __init__(self, bucket: str) -> None:
        self.store = bucket

    def walk(self) -> Iterator[Raw]:
        with _told():
            pages = self._client().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.store, Prefix=PREFIX):
                for found in page.get("Contents", ()):
                    if not found["Key"].endswith((_SETUP, "/")):
                        at = found["LastModified"]
                        yield Raw(key=found["Key"], size=found["Size"], at=at)

    def read(self, key: str) -> bytes:
        with _told():
            answer = self._client().get_object(Bucket=self.store, Key=key)
            content: bytes = answer["Body"].read()
        return content

    def erase(self, key: str) -> None:
        with _told():
            client = self._client()
            pages = client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.store, Prefix=key):
                for found in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
                    if found["Key"] == key:
                        version = found["VersionId"]
                        client.delete_object(Bucket=self.store, Key=key, VersionId=version)

    def _client(self) -> Any:
        return aws.client("s3")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _GONE:
            raise RawMissingError from error
        raise InboxAwayError from error
    except (BotoCoreError, ImproperlyConfigured) as error:
        raise InboxAwayError from error
