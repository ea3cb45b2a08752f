from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from apps.kernel import aws
from apps.kernel.ports import Location
from apps.mail.inbox import Inbox, InboxAwayError, Raw, RawMissingError, feeding
from apps.mail.inbox.folder import FolderInbox

PREFIX = "mail/"  # where infra/messaging.yaml has SES put them
PROOF = f"{PREFIX}proof-of-the-doctor-"  # which is no mail
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
                    if not found["Key"].endswith((_SETUP, "/")) and PROOF not in found["Key"]:
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

    def prove(self) -> str:
        return "; ".join((self._proved_by_reading(), feeding.proved(self.store, PREFIX)))

    def _proved_by_reading(self) -> str:
        """Read a mail; where none is kept, one that is written for it."""
        told = {"store": self.store}
        for raw in self.walk():
            size = len(self.read(raw.key))
            return _("read a mail of %(size)d bytes from %(store)s") % {"size": size, **told}
        key = f"{PROOF}{secrets.token_hex(8)}"
        with _told():
            try:
                self._client().put_object(Bucket=self.store, Key=key, Body=b"proof")
            except ClientError as error:
                if error.response["Error"]["Code"] != "AccessDenied":
                    raise
                unproved = _("listed %(store)s, which is empty; not proved: reading, may put none")
                return unproved % told
        try:
            self.read(key)
        finally:
            self.erase(key)
        return _("wrote, read and deleted a mail in %(store)s") % told

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
