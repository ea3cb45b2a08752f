"""The command `assets`: what collectstatic made goes to the bucket, once."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

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


def sent(**how: bool) -> str:
    out = io.StringIO()
    call_command("assets", stdout=out, **how)
    return out.getvalue().strip()


def keys(name: str) -> list[str]:
    found = boto3.client("s3").list_objects_v2(Bucket=name).get("Contents", ())
    return [each["Key"].removeprefix("desk/static/") for each in found]


def mark() -> str:
    """The manifest's name in the bucket, of what is in it now."""
    manifest = (Path(settings.STATIC_ROOT) / "staticfiles.json").read_bytes()
    return f"staticfiles.{hashlib.md5(manifest).hexdigest()}.json"


def test_all_of_it_once_without_what_only_a_web_process_uses(name: str) -> None:
    first, second = sent(), sent()

    assert (first, second) == ("5 files sent", "0 files sent")
    assert keys(name) == [
        "css/base.0123456789ab.css",
        "css/base.css",
        "icons/i.0a0b0c0d0e0f.svg",
        "js/x.ba9876543210.js",
        "js/x.js",
        mark(),
    ]


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


class TestAnInstance:
    """`assets --only-add`, before it serves."""

    def test_sends_everything_where_nobody_has(self, name: str) -> None:
        assert sent(only_add=True) == "5 files sent"
        assert mark() in keys(name)

    def test_asks_one_question_where_everything_is_there(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent()
        monkeypatch.setattr("apps.ops.publish._there", pytest.fail)

        assert sent(only_add=True) == "0 files sent"

    def test_sends_what_an_upload_that_was_cut_off_left(self, name: str) -> None:
        sent()
        client = boto3.client("s3")
        for key in (mark(), "js/x.ba9876543210.js"):
            client.delete_object(Bucket=name, Key=f"desk/static/{key}")

        assert sent(only_add=True) == "1 files sent"
        assert {mark(), "js/x.ba9876543210.js"} <= set(keys(name))

    def test_writes_over_nothing(self, name: str, tmp_path: Path) -> None:
        sent()
        (tmp_path / "css/base.css").write_bytes(b"evil {}")
        (tmp_path / "js/x.ba9876543210.js").write_bytes(b"evil()")
        (tmp_path / "staticfiles.json").write_text(json.dumps({"paths": PATHS, "version": 2}))

        assert sent(only_add=True) == "0 files sent"
        for key in ("css/base.css", "js/x.ba9876543210.js"):
            found = boto3.client("s3").get_object(Bucket=name, Key=f"desk/static/{key}")
            assert found["Body"].read() == FILES[key]

    def test_is_not_harmed_by_another_that_is_faster(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Both have looked when neither has sent anything; S3 lets one of them write."""
        monkeypatch.setattr("apps.ops.publish._there", lambda *_: {})
        monkeypatch.setattr("apps.ops.publish._is_there", lambda *_: False)

        client, key = boto3.client("s3"), "desk/static/js/x.js"
        client.put_object(Bucket=name, Key=key, Body=b"theirs")

        assert sent(only_add=True) == "5 files sent"
        assert client.get_object(Bucket=name, Key=key)["Body"].read() == b"theirs"

    def test_has_nothing_to_send_without_pages_or_a_bucket(self, name: str, settings: Any) -> None:
        settings.ROLE = "worker"
        of_worker = sent(only_add=True)
        settings.ROLE, settings.ASSETS_BUCKET = "web", None

        assert of_worker == sent(only_add=True) == "no static files to send: no bucket, or no pages"
        assert keys(name) == []

    def test_does_not_serve_what_it_could_not_send(self, name: str, settings: Any) -> None:
        settings.ASSETS_BUCKET = ("no-such-bucket", "")

        with pytest.raises(CommandError, match="NoSuchBucket"):
            sent(only_add=True)


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
