"""Static files in a bucket, for the content network that stands before the desk.

It takes `/static/` of the desk's own address from there: pages, their policy and their icons (which
browsers take from nowhere else) stay as they are, and web processes answer where there is none.
Hashed names never change what they hold: they are kept by browsers for good, and older ones stay,
since pages of the release before ask for them while a deploy is under way. Compressing is left to
the network, which chooses by what a browser takes and would not look for variants.

Last comes the manifest, under a name of its own content: it is there when all that it names is. So
an instance asks for that one object before it serves, and sends nothing where whoever deploys has
sent everything. What it sends otherwise are only new names: a role that may not write over what is
there can't change a script that others' browsers are about to fetch.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from botocore.exceptions import ClientError

from apps.kernel import aws

FOREVER = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=300"  # the plain names, which the page for a broken desk uses
MANIFEST = "staticfiles.json"
_COMPRESSED = {".gz", ".br"}
_TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json"}
_TEXT = ("text/", "application/json", "application/manifest+json", "image/svg+xml")
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Asset:
    path: Path
    name: str
    is_hashed: bool


def publish(
    root: Path, *, bucket: str, prefix: str, tell: Callable[[str], object], only_add: bool = False
) -> int:
    """Send what collectstatic made and the bucket doesn't have. Returns how many were sent.

    `only_add` leaves as it is whatever has its name there already.
    """
    manifest = (root / MANIFEST).read_bytes()
    mark = f"{prefix}/{mark_of(manifest)}"
    if only_add and _is_there(bucket, mark):
        return 0
    there = _there(bucket, prefix)
    wanted = [
        asset
        for asset in _assets(root, manifest)
        if (_key(asset, prefix) not in there if only_add else _is_new(asset, there, prefix))
    ]

    def send(asset: Asset) -> None:
        key, content = _key(asset, prefix), asset.path.read_bytes()
        kept = FOREVER if asset.is_hashed else A_WHILE
        _put(bucket, key, content, _type(asset.path), kept, only_add=only_add)
        tell(key)

    # Hashed ones first: the others name them.
    for group in (True, False):
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(send, [asset for asset in wanted if asset.is_hashed is group]))
    if mark not in there:
        _put(bucket, mark, manifest, "application/json", FOREVER, only_add=only_add)
    return len(wanted)


def mark_of(manifest: bytes) -> str:
    """The name under which the manifest of a build is sent, once all that it names has been."""
    return f"staticfiles.{_digest(manifest)}.json"


def _put(
    bucket: str, key: str, content: bytes, kind: str, kept: str, *, only_add: bool = False
) -> None:
    put = partial(
        aws.client("s3").put_object,
        Bucket=bucket,
        Key=key,
        Body=content,
        ContentType=kind,
        CacheControl=kept,
    )
    if not only_add:
        put()
        return
    try:
        put(IfNoneMatch="*")
    except ClientError as error:
        # Another instance of the same version was faster, with the same bytes.
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise


def _is_there(bucket: str, key: str) -> bool:
    try:
        aws.client("s3").head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        return False
    return True


def _assets(root: Path, manifest: bytes) -> Iterator[Asset]:
    hashed = set(json.loads(manifest)["paths"].values())
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix not in _COMPRESSED and path.name != MANIFEST:
            name = path.relative_to(root).as_posix()
            yield Asset(path, name, name in hashed)


def _there(bucket: str, prefix: str) -> dict[str, str]:
    """Keys and the digests of what they hold."""
    pages = aws.client("s3").get_paginator("list_objects_v2")
    return {
        found["Key"]: found["ETag"].strip('"')
        for page in pages.paginate(Bucket=bucket, Prefix=f"{prefix}/")
        for found in page.get("Contents", ())
    }


def _is_new(asset: Asset, there: dict[str, str], prefix: str) -> bool:
    key = _key(asset, prefix)
    if asset.is_hashed or key not in there:
        return key not in there
    return there[key] != _digest(asset.path.read_bytes())


def _digest(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()  # noqa: S324 - S3's


def _key(asset: Asset, prefix: str) -> str:
    return f"{prefix}/{asset.name}"


def _type(path: Path) -> str:
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or ""
    kind = kind or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith(_TEXT) else kind
