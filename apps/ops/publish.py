"""Static files in a bucket, for the content network that stands before the desk.

It takes `/static/` of the desk's own address from there: pages, their policy and their icons (which
browsers take from nowhere else) stay as they are, and web processes answer where there is none.
Hashed names never change what they hold: they are kept by browsers for good, and older ones stay,
since pages of the release before ask for them while a deploy is under way. Compressing is left to
the network, which chooses by what a browser takes and would not look for variants.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

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


def publish(root: Path, *, bucket: str, prefix: str, tell: Callable[[str], object]) -> int:
    """Send what collectstatic made and the bucket doesn't have. Returns how many were sent."""
    there = _there(bucket, prefix)
    wanted = [asset for asset in _assets(root) if _is_new(asset, there, prefix)]

    def send(asset: Asset) -> None:
        key = _key(asset, prefix)
        aws.client("s3").put_object(
            Bucket=bucket,
            Key=key,
            Body=asset.path.read_bytes(),
            ContentType=_type(asset.path),
            CacheControl=FOREVER if asset.is_hashed else A_WHILE,
        )
        tell(key)

    # Hashed ones first: the others name them. The mark last: it says that all are there.
    mark = Asset(root / MANIFEST, build_mark(root), is_hashed=True)
    for group in (True, False):
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(send, [asset for asset in wanted if asset.is_hashed is group]))
    if _is_new(mark, there, prefix):
        send(mark)
    return len(wanted)


def build_mark(root: Path) -> str:
    """The name under which the manifest of a build is sent, once all that it names has been."""
    names = json.dumps(json.loads((root / MANIFEST).read_text())["paths"], sort_keys=True)
    return f"build.{hashlib.sha256(names.encode()).hexdigest()[:16]}.json"


def _assets(root: Path) -> Iterator[Asset]:
    hashed = set(json.loads((root / MANIFEST).read_text())["paths"].values())
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
    return there[key] != hashlib.md5(asset.path.read_bytes()).hexdigest()  # noqa: S324 - S3's


def _key(asset: Asset, prefix: str) -> str:
    return f"{prefix}/{asset.name}"


def _type(path: Path) -> str:
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or ""
    kind = kind or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith(_TEXT) else kind
