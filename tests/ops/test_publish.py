"""The command `assets`: what collectstatic made goes to the bucket, once."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.management import CommandError, call_command

from apps.ops.publish import build_mark
from tests.buckets import new_bucket

FILES = {
    "css/base.css": b"a {}",
    "css/base.0123456789ab.css": b"a {}",
    "css/base.0123456789ab.css.br": b"?",
    "js/x.js": b"1",
    "js/x.ba9876543210.js": b"1",
    "js/x.ba9876543210.js.gz": b"?",
    "icons/i.0a0b0c0d0e0f.svg": b"<svg/>",
}
PATHS = {
    "css/base.css": "css/base.0123456789ab.css",
    "js/x.js": "js/x.ba9876543210.js",
    "icons/i.svg": "icons/i.0a0b0c0d0e0f.svg",
}


@pytest.fixture
def name(aws: dict[str, str], settings: Any, tmp_path: Path) -> str:
    for path, content in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (tmp_path / "staticfiles.json").write_text(json.dumps({"paths": PATHS}))
    settings.STATIC_ROOT = tmp_path
    settings.ASSETS_BUCKET = (new_bucket(), "desk")
    return str(settings.ASSETS_BUCKET[0])


def sent() -> str:
    out = io.StringIO()
    call_command("assets", stdout=out)
    return out.getvalue().strip()


def test_all_of_it_once_without_what_only_a_web_process_uses(name: str, settings: Any) -> None:
    first, second = sent(), sent()

    there = boto3.client("s3").list_objects_v2(Bucket=name)["Contents"]
    assert (first, second) == ("5 files sent", "0 files sent")
    assert [found["Key"] for found in there] == [
        f"desk/static/{build_mark(settings.STATIC_ROOT)}",
        "desk/static/css/base.0123456789ab.css",
        "desk/static/css/base.css",
        "desk/static/icons/i.0a0b0c0d0e0f.svg",
        "desk/static/js/x.ba9876543210.js",
        "desk/static/js/x.js",
    ]


def test_the_mark_of_a_build_comes_last(name: str, settings: Any) -> None:
    """Whoever finds it need not look for the others."""
    key = f"desk/static/{build_mark(settings.STATIC_ROOT)}"
    out = io.StringIO()

    call_command("assets", stdout=out, verbosity=2)

    assert out.getvalue().splitlines()[-2:] == [key, "5 files sent"]
    told = boto3.client("s3").get_object(Bucket=name, Key=key)
    assert json.loads(told["Body"].read())["paths"] == PATHS


@pytest.mark.parametrize(
    ("key", "kind", "kept"),
    [
        ("css/base.0123456789ab.css", "text/css; charset=utf-8", "immutable"),
        ("js/x.ba9876543210.js", "text/javascript; charset=utf-8", "immutable"),
        ("icons/i.0a0b0c0d0e0f.svg", "image/svg+xml; charset=utf-8", "immutable"),
        ("css/base.css", "text/css; charset=utf-8", "max-age=300"),
    ],
)
def test_with_its_type_and_for_how_long_it_is_kept(
    name: str, key: str, kind: str, kept: str
) -> None:
    sent()

    head = boto3.client("s3").head_object(Bucket=name, Key=f"desk/static/{key}")

    assert head["ContentType"] == kind
    assert head["CacheControl"].endswith(kept)


def test_a_new_release_adds_its_own_and_takes_nothing_away(name: str, tmp_path: Path) -> None:
    sent()
    (tmp_path / "css/base.css").write_bytes(b"b {}")
    (tmp_path / "css/base.0123456789ab.css").rename(tmp_path / "css/base.999999999999.css")
    paths = {**PATHS, "css/base.css": "css/base.999999999999.css"}
    (tmp_path / "staticfiles.json").write_text(json.dumps({"paths": paths}))

    told = sent()

    client = boto3.client("s3")
    assert told == "2 files sent"
    client.head_object(Bucket=name, Key="desk/static/css/base.0123456789ab.css")
    plain = client.get_object(Bucket=name, Key="desk/static/css/base.css")
    assert plain["Body"].read() == b"b {}"


def test_what_is_wrong_is_said(name: str, settings: Any, tmp_path: Path) -> None:
    settings.ASSETS_BUCKET = ("no-such-bucket", "")
    with pytest.raises(CommandError, match="NoSuchBucket"):
        sent()
    settings.STATIC_ROOT = tmp_path / "nothing"
    with pytest.raises(CommandError, match="collectstatic first"):
        sent()
    settings.ASSETS_BUCKET = None
    with pytest.raises(CommandError, match="ASSETS_URL is not set"):
        sent()
