"""S3 as far as a release asks it: objects by bucket and key, and conditions on what is there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

ACTIONS = {"PUT": "PutObject", "DELETE": "DeleteObject", "HEAD": "HeadObject", "GET": "GetObject"}


@dataclass(frozen=True, slots=True)
class Answer:
    status: HTTPStatus = HTTPStatus.OK
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def refused(status: HTTPStatus, code: str) -> Answer:
    return Answer(status, f"<Error><Code>{code}</Code></Error>".encode())


NO_BUCKET = refused(HTTPStatus.NOT_FOUND, "NoSuchBucket")
NO_KEY = refused(HTTPStatus.NOT_FOUND, "NoSuchKey")
OTHERWISE = refused(HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed")


def etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def listed(objects: Mapping[str, bytes], bucket: str, prefix: str) -> Answer:
    start = f"{bucket.rstrip('/')}/{prefix}"
    found = [name.partition("/")[2] for name in sorted(objects) if name.startswith(start)]
    told = "".join(f"<Contents><Key>{name}</Key></Contents>" for name in found)
    return Answer(body=f"<ListBucketResult>{told}</ListBucketResult>".encode())


def answer(
    objects: dict[str, bytes], command: str, key: str, body: bytes, headers: Mapping[str, str]
) -> Answer:
    """What is done, and answered (S3's guide, "conditional requests")."""
    there = objects.get(key)
    if command in ("GET", "HEAD"):
        return NO_KEY if there is None else Answer(body=there, headers={"ETag": etag(there)})
    if known := headers.get("If-Match"):
        if there is None:
            return NO_KEY
        if known != etag(there):
            return OTHERWISE
    if command == "DELETE":
        objects.pop(key, None)
        return Answer()
    if headers.get("If-None-Match") == "*" and there is not None:
        return OTHERWISE
    objects[key] = body
    return Answer(headers={"ETag": etag(body)})
