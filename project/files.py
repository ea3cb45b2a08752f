"""What FILES_URL says: which storage, and from where browsers send to it and fetch from it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from project import env

_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Files:
    """`storage` is an entry of STORAGES; the rest are origins for the Content-Security-Policy."""

    storage: dict[str, Any]
    sent_to: list[str]
    fetched_from: list[str]


def read(name: str, url: str) -> Files:
    """Raises ImproperlyConfigured, naming the variable and how it is written."""
    if urlsplit(url).scheme == "file":
        options: dict[str, Any] = {"location": unquote(urlsplit(url).path)}
        return Files({"BACKEND": "apps.kernel.storage.folder.Folder", "OPTIONS": options}, [], [])
    bucket, prefix, asked = bucket_of(name, url, allowed={"media", "key"})
    media, key_id = asked.get("media", "").rstrip("/"), asked.get("key", "")
    pem = env.text("MEDIA_SIGNING_KEY", "")
    if media and not (_is_origin(media) and key_id and pem):
        raise ImproperlyConfigured(
            f"{name}={url!r}: media=https://… needs &key=<id of CloudFront's public key> beside it,"
            " and MEDIA_SIGNING_KEY, its private key in PEM"
        )
    origin = _origin_of(name, url, bucket)
    options = {"bucket": bucket, "prefix": prefix, "media": media, "key_id": key_id, "pem": pem}
    return Files(
        {"BACKEND": "apps.kernel.storage.s3.Bucket", "OPTIONS": options},
        [origin],
        [media or origin],
    )


def bucket_of(name: str, url: str, *, allowed: set[str]) -> tuple[str, str, dict[str, str]]:
    """Bucket, prefix and what is asked of `s3://bucket/prefix?asked`."""
    parts = urlsplit(url)
    asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    # Dots would make the bucket's address one that no certificate of S3's covers.
    is_bucket = parts.scheme == "s3" and _BUCKET.fullmatch(parts.netloc)
    if not is_bucket or not asked.keys() <= allowed:
        how = "".join(f"&{key}=…" for key in sorted(allowed, reverse=True))
        raise ImproperlyConfigured(
            f"{name}={url!r}: write s3://bucket or s3://bucket/prefix{how.replace('&', '?', 1)}"
        )
    return parts.netloc, parts.path.strip("/"), asked


def _origin_of(name: str, url: str, bucket: str) -> str:
    """Where browsers reach the bucket, as apps.kernel.aws signs links to it."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        parts = urlsplit(endpoint)
        return f"{parts.scheme}://{parts.netloc}"
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise ImproperlyConfigured(f"{name}={url!r}: set AWS_REGION to where the bucket is")
    return f"https://{bucket}.s3.{region}.amazonaws.com"


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme == "https" and bool(parts.netloc) and not parts.path
