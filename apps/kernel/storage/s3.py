"""Files in S3, through django-storages; browsers send and fetch them there themselves.

Uploads are presigned POSTs whose policy fixes key, size and type. Downloads are links signed for
minutes: S3's own or, where a media domain is set, CloudFront's for its key group. Either overrides
how the file is called and typed, so that nothing stored decides what a browser does with it.
"""

from __future__ import annotations

import logging
import math
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import IO, Any
from urllib.parse import quote, urlencode

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import File
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.http import content_disposition_header
from storages.backends.s3 import S3Storage

from apps.kernel import aws
from apps.kernel.circuit import Circuit
from apps.kernel.errors import NotFoundError
from apps.kernel.storage import Arrived, FilesAwayError, Grant, Kept, NeverArrivedError, Showing

logger = logging.getLogger(__name__)

GRANT_SECONDS = 600  # until the sending has begun
LINK_SECONDS = 300
HEAD_READ = 3  # seconds: of a question whose answer is a line
_IN_MEMORY = 1 << 20  # bytes of an arrived file; more of it waits on disk
_CHUNK = 256 * 1024
_TYPE = "application/octet-stream"  # of what arrives: what it is the desk finds out later
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED)


class Bucket(S3Storage):  # type: ignore[misc]  # no stubs
    """`media` is CloudFront's origin before the bucket ("" for none), with its key's id and PEM."""

    def __init__(
        self, *, bucket: str, prefix: str = "", media: str = "", key_id: str = "", pem: str = ""
    ) -> None:
        super().__init__(
            bucket_name=bucket,
            location=prefix,
            client_config=aws.config("s3"),
            region_name=os.environ.get("AWS_REGION"),
        )
        # As long as the slowest of our calls may take.
        patience = aws.CONNECT + 2 * aws.FILE_READ
        self._circuit = Circuit(f"S3 ({bucket})", patience=patience)
        self.media = media
        self._signer = _signer(key_id, pem) if media else None

    @property
    def connection(self) -> Any:
        """The library's own; ours is asked first, which says in one line what is missing."""
        aws.client("s3")
        return super().connection

    # Django's own, with failures in the desk's words

    def _save(self, name: str, content: File) -> str:  # type: ignore[type-arg]
        with self._reached(name):
            return str(super()._save(name, content))

    def _open(self, name: str, mode: str = "rb") -> File:  # type: ignore[type-arg]
        if mode != "rb":
            raise ValueError(f"{mode!r}: files are opened to be read, and saved whole")
        try:
            file, _answer = self._fetched(name)
        except NeverArrivedError as error:
            raise FileNotFoundError(name) from error
        return File(file, name=name)

    def exists(self, name: str) -> bool:
        with self._reached(name):
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        with self._reached(name):
            super().delete(name)

    # What a desk asks beyond that

    def grant(self, key: str, *, size: int) -> Grant:
        with self._reached(key):
            told = aws.client("s3").generate_presigned_post(
                self.bucket_name,
                self._at(key),
                Fields={"Content-Type": _TYPE, "success_action_status": "204"},
                Conditions=[
                    {"Content-Type": _TYPE},
                    {"success_action_status": "204"},
                    ["content-length-range", size, size],
                ],
                ExpiresIn=GRANT_SECONDS,
            )
        return Grant(url=told["url"], fields=told["fields"])

    @contextmanager
    def arrived(self, key: str) -> Iterator[Arrived]:
        file, answer = self._fetched(key)
        with file:
            yield Arrived(key=key, file=file, size=answer["ContentLength"], mark=answer["ETag"])

    def settle(self, arrived: Arrived, key: str, *, content_type: str) -> None:
        """Copied within S3, only if it is still what was looked at."""
        with self._reached(key, gone=NeverArrivedError):
            aws.client("s3").copy_object(
                Bucket=self.bucket_name,
                Key=self._at(key),
                CopySource={"Bucket": self.bucket_name, "Key": self._at(arrived.key)},
                CopySourceIfMatch=arrived.mark,
                ContentType=content_type,
                MetadataDirective="REPLACE",
            )

    def serve(self, key: str, showing: Showing) -> HttpResponse:
        """On to a signed link. Asked for first: a browser would show S3's own words."""
        with self._reached(key, gone=NotFoundError):
            quick = aws.client("s3", read=HEAD_READ, attempts=1)
            quick.head_object(Bucket=self.bucket_name, Key=self._at(key))
        response = HttpResponseRedirect(self._link(key, showing))
        response["Cache-Control"] = (
            f"public, max-age={LINK_SECONDS // 2}" if showing.is_public else "private, no-store"
        )
        response["Referrer-Policy"] = "no-referrer"
        return response

    def walk(self, folder: str) -> Iterator[Kept]:
        pages = aws.client("s3").get_paginator("list_objects_v2")
        with self._reached(folder):
            for page in pages.paginate(Bucket=self.bucket_name, Prefix=f"{self._at(folder)}/"):
                for found in page.get("Contents", ()):
                    yield Kept(
                        key=self._key(found["Key"]),
                        size=found["Size"],
                        modified=found["LastModified"],
                    )

    def erase(self, key: str) -> None:
        with self._reached(key):
            aws.client("s3").delete_object(Bucket=self.bucket_name, Key=self._at(key))
            for version in self._versions(key):
                aws.client("s3").delete_object(
                    Bucket=self.bucket_name, Key=self._at(key), VersionId=version["VersionId"]
                )

    def restore(self, key: str) -> bool:
        with self._reached(key):
            older = [version for version in self._versions(key) if "Size" in version]
            if not older:
                return False
            newest = max(older, key=lambda version: version["LastModified"])
            source = {"Bucket": self.bucket_name, "Key": self._at(key)}
            aws.client("s3").copy_object(
                Bucket=self.bucket_name,
                Key=self._at(key),
                CopySource={**source, "VersionId": newest["VersionId"]},
            )
            return True

    def _versions(self, key: str) -> list[dict[str, Any]]:
        """All there were, with the marks of deletions, which have no size."""
        pages = aws.client("s3").get_paginator("list_object_versions")
        return [
            found
            for page in pages.paginate(Bucket=self.bucket_name, Prefix=self._at(key))
            for found in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            if found["Key"] == self._at(key)
        ]

    def _fetched(self, key: str) -> tuple[IO[bytes], dict[str, Any]]:
        with self._reached(key, gone=NeverArrivedError):
            answer = aws.client("s3").get_object(Bucket=self.bucket_name, Key=self._at(key))
            file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - its reader closes it
            for chunk in answer["Body"].iter_chunks(_CHUNK):
                file.write(chunk)
        file.seek(0)
        return file, answer

    def _link(self, key: str, showing: Showing) -> str:
        said = {
            "content-disposition": content_disposition_header(not showing.is_inline, showing.name),
            "content-type": showing.content_type if showing.is_inline else _TYPE,
            "cache-control": f"private, max-age={LINK_SECONDS}",
        }
        if self._signer is not None:
            overrides = urlencode({f"response-{name}": value for name, value in said.items()})
            # Until a round moment: within it the link is the same, and a browser keeps the picture.
            until = (math.ceil(time.time() / LINK_SECONDS) + 1) * LINK_SECONDS
            link: str = self._signer.generate_presigned_url(
                f"{self.media}/{quote(self._at(key))}?{overrides}",
                date_less_than=datetime.fromtimestamp(until, tz=UTC),
            )
            return link
        names = {"".join(part.title() for part in name.split("-")): name for name in said}
        asked = {f"Response{title}": said[name] for title, name in names.items()}
        signed: str = aws.client("s3").generate_presigned_url(
            "get_object",
            Params={"Bucket": self.bucket_name, "Key": self._at(key), **asked},
            ExpiresIn=LINK_SECONDS,
        )
        return signed

    @contextmanager
    def _reached(self, key: str, *, gone: type[Exception] | None = None) -> Iterator[None]:
        """What S3 refuses, or the way to it, in the desk's words; the log has S3's.

        `gone` is raised for an object that isn't there, or is no longer the one that was meant. A
        storage that says nothing would soon hold every thread of a desk: one asks for all.
        """
        if not self._circuit.may_ask():
            raise FilesAwayError
        try:
            yield
        except (BotoCoreError, Boto3Error) as error:
            self._circuit.failed(error)
            raise FilesAwayError from error
        except ClientError as error:
            self._circuit.answered()
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if gone is not None and status in _GONE:
                raise gone from error
            logger.warning("S3 refused", extra={"key": key, "why": str(error)})
            raise FilesAwayError from error
        else:
            self._circuit.answered()

    def _at(self, key: str) -> str:
        return str(self._normalize_name(key))

    def _key(self, at: str) -> str:
        return at.removeprefix(f"{self.location}/") if self.location else at


def _signer(key_id: str, pem: str) -> CloudFrontSigner:
    try:
        key = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except ValueError as error:
        raise ImproperlyConfigured("MEDIA_SIGNING_KEY is no private key in PEM") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ImproperlyConfigured("MEDIA_SIGNING_KEY is no RSA key: CloudFront's are")

    def sign(message: bytes) -> bytes:
        return key.sign(message, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - CloudFront's

    return CloudFrontSigner(key_id, sign)
