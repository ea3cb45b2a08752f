"""A bucket of the local AWS as the desk's storage, and what a browser does with it."""

from __future__ import annotations

import secrets
from typing import Any

import boto3
import pytest
import urllib3
from django.core.files.storage import default_storage

from apps.kernel.storage.s3 import Bucket

SITE = "http://desk.example"


def new_bucket(*, site: str = SITE) -> str:
    """With versions, and open to the desk's own pages, as infra/data.yaml makes it."""
    client, name = boto3.client("s3"), f"files-{secrets.token_hex(6)}"
    place = {"LocationConstraint": client.meta.region_name}
    client.create_bucket(Bucket=name, CreateBucketConfiguration=place)  # type: ignore[arg-type]
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rule: Any = {
        "AllowedOrigins": [site],
        "AllowedMethods": ["GET", "POST"],
        "AllowedHeaders": ["*"],
    }
    client.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [rule]})
    return name


@pytest.fixture
def bucket(aws: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """The desk's files are in S3, under a prefix."""
    store = Bucket(bucket=new_bucket(), prefix="desk")
    monkeypatch.setattr(default_storage, "_wrapped", store)
    return store


def posted(grant: dict[str, Any], content: bytes, **changed: str) -> int:
    """What S3 says to a browser that sends a file where it was told; its status."""
    fields = {**grant["fields"], **changed, "file": ("x", content)}
    answer = urllib3.PoolManager().request(
        "POST", grant["url"], fields=fields, headers={"Origin": SITE}
    )
    return answer.status


def fetched(url: str) -> urllib3.BaseHTTPResponse:
    return urllib3.PoolManager().request("GET", url)
