"""FILES_URL: how it is written, and what browsers are let to do for it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.kernel import aws as clients
from apps.kernel.storage.s3 import Bucket
from project import files

MEDIA = "media=https://media.example.com"


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


def test_a_folder_is_the_desks_own_matter() -> None:
    read = files.read("FILES_URL", "file:/srv/some%20files")

    assert read.storage["OPTIONS"] == {"location": "/srv/some files"}
    assert read.sent_to == read.fetched_from == []


def test_a_bucket_with_its_prefix() -> None:
    read = files.read("FILES_URL", "s3://files-of-desk/one/two")

    assert read.storage["OPTIONS"]["bucket"] == "files-of-desk"
    assert read.storage["OPTIONS"]["prefix"] == "one/two"
    assert read.sent_to == ["https://files-of-desk.s3.eu-central-1.amazonaws.com"]
    assert read.fetched_from == read.sent_to


def test_a_media_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIA_SIGNING_KEY", "PEM")

    read = files.read("FILES_URL", f"s3://files?{MEDIA}&key=K1")

    assert read.fetched_from == ["https://media.example.com"]
    assert read.sent_to == ["https://files.s3.eu-central-1.amazonaws.com"]


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1"])
@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:4566"])
def test_the_policy_admits_where_grants_and_links_lead(
    monkeypatch: pytest.MonkeyPatch, region: str, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_REGION", region)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    clients.client.cache_clear()

    read = files.read("FILES_URL", "s3://files-of-desk")
    grant = Bucket(bucket="files-of-desk").grant("arriving/x", size=3)

    clients.client.cache_clear()
    to = urlsplit(grant.url)
    assert [f"{to.scheme}://{to.netloc}"] == read.sent_to


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3:files", "write s3://bucket or s3://bucket/prefix?media=…&key=…"),
        ("s3://Files", "write s3://bucket"),
        ("s3://files.of.desk", "write s3://bucket"),
        ("s3://files?medium=x", "write s3://bucket"),
        (f"s3://files?{MEDIA}", "needs &key="),
        (f"s3://files?{MEDIA}&key=K1", "MEDIA_SIGNING_KEY"),
        ("s3://files?media=http://media.example.com&key=K1", "media=https://"),
    ],
)
def test_a_bad_one_says_how_it_is_written(url: str, told: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="FILES_URL") as refused:
        files.read("FILES_URL", url)

    assert told in str(refused.value)


def test_a_bucket_needs_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")

    with pytest.raises(ImproperlyConfigured, match="set AWS_REGION"):
        files.read("FILES_URL", "s3://files")


def test_missing_credentials_are_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    clients.client.cache_clear()

    with pytest.raises(ImproperlyConfigured, match="No AWS credentials for s3"):
        Bucket(bucket="files").exists("x")
