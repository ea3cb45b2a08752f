"""The storage of files: what holds for a folder and for S3 alike, over a real connection."""

from __future__ import annotations

import contextlib
import dataclasses
import io
from datetime import timedelta
from typing import IO, cast

import pytest
from django.core.files.base import ContentFile
from django.http import FileResponse, HttpResponseBase
from django.utils import timezone

from apps.kernel import uploads
from apps.kernel.errors import NotFoundError
from apps.kernel.storage import ARRIVING, NeverArrivedError, Showing, Store, store
from apps.kernel.storage.s3 import Bucket
from tests.buckets import bucket, fetched, posted

__all__ = ["bucket"]  # a fixture
KEY, OTHER = "attachments/2026/05/04/a", "attachments/2026/05/05/b"
LETTER = Showing(name="grüße.txt", content_type="text/plain", is_inline=False)
PICTURE = Showing(name="a.png", content_type="image/png", is_inline=True)


@pytest.fixture(params=["folder", "s3"])
def files(request: pytest.FixtureRequest) -> Store:
    if request.param == "s3":
        request.getfixturevalue("bucket")
    return store()


def keep(files: Store, key: str = KEY, content: bytes = b"words") -> None:
    assert files.save(key, ContentFile(content)) == key


def body(answer: HttpResponseBase) -> bytes:
    """What a browser gets in the end."""
    if answer.status_code == 302:
        return bytes(fetched(answer["Location"]).data)
    with contextlib.closing(file_of(answer)):
        return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def file_of(answer: HttpResponseBase) -> IO[bytes]:
    """What there is to close: the answer's own close() would look at the database's connections."""
    if isinstance(answer, FileResponse):
        return cast("IO[bytes]", answer.file_to_stream)
    return io.BytesIO()


def test_gives_back_what_it_was_given(files: Store) -> None:
    keep(files, content=b"x" * 3_000_000)

    with files.open(KEY) as file:
        assert file.read() == b"x" * 3_000_000
    assert files.exists(KEY)
    assert not files.exists(OTHER)


def test_has_nothing_to_open_where_nothing_is(files: Store) -> None:
    with pytest.raises(FileNotFoundError):
        files.open(KEY)


def test_deletes_and_erases_what_may_be_gone_already(files: Store) -> None:
    keep(files)

    for _ in range(2):
        files.delete(KEY)
        files.erase(KEY)

    assert not files.exists(KEY)
    assert not files.restore(KEY)


def test_walks_one_folder_with_all_below_it(files: Store) -> None:
    keep(files)
    keep(files, OTHER, b"more words")
    keep(files, "attachments-of-another/c")

    found = list(files.walk("attachments"))

    assert [(kept.key, kept.size) for kept in found] == [(KEY, 5), (OTHER, 10)]
    assert all(timezone.now() - kept.modified < timedelta(minutes=5) for kept in found)
    assert list(files.walk("nothing")) == []


def test_finds_what_was_stored_before_a_moment(files: Store) -> None:
    keep(files)
    now = timezone.now()

    assert list(uploads.stored_before("attachments", now + timedelta(minutes=1))) == [KEY]
    assert list(uploads.stored_before("attachments", now - timedelta(minutes=1))) == []


@pytest.mark.parametrize("showing", [LETTER, PICTURE])
def test_serves_a_file_to_whoever_asks(files: Store, showing: Showing) -> None:
    keep(files)

    answer = files.serve(KEY, showing)

    assert body(answer) == b"words"
    assert "no-store" in answer["Cache-Control"]


def test_lets_caches_keep_only_what_is_public(files: Store) -> None:
    keep(files)

    answer = files.serve(KEY, dataclasses.replace(PICTURE, is_public=True))

    assert answer["Cache-Control"].startswith("public, max-age=")
    file_of(answer).close()


def test_serves_nothing_that_is_gone(files: Store) -> None:
    with pytest.raises(NotFoundError):
        files.serve(KEY, LETTER)


def test_settles_what_arrived(files: Store) -> None:
    keep(files, f"{ARRIVING}/x")

    with files.arrived(f"{ARRIVING}/x") as arrived:
        assert (arrived.size, arrived.file.read()) == (5, b"words")
        files.settle(arrived, KEY, content_type="text/plain")

    with files.open(KEY) as file:
        assert file.read() == b"words"


def test_settles_nothing_that_came_after_what_was_looked_at(files: Store) -> None:
    keep(files, f"{ARRIVING}/x", b"harmless")

    with files.arrived(f"{ARRIVING}/x") as arrived:
        files.delete(f"{ARRIVING}/x")
        keep(files, f"{ARRIVING}/x", b"harmful!")
        try:
            files.settle(arrived, KEY, content_type="text/plain")
        except NeverArrivedError:
            assert not files.exists(KEY)
            return

    with files.open(KEY) as file:
        assert file.read() == b"harmless"


def test_says_that_something_never_arrived(files: Store) -> None:
    with pytest.raises(NeverArrivedError), files.arrived(f"{ARRIVING}/x"):
        pass


class TestABucket:
    def test_takes_the_granted_file_and_no_other(self, bucket: Bucket) -> None:
        key = f"{ARRIVING}/x"
        told = bucket.grant(key, size=5)
        grant = {"url": told.url, "fields": dict(told.fields)}

        refused = [
            posted(grant, b"longer than said"),
            posted(grant, b"shrt"),
            posted(grant, b"words", key="desk/attachments/mine"),
            posted(grant, b"words", **{"Content-Type": "text/html"}),
        ]
        taken = posted(grant, b"words")

        assert all(400 <= status < 500 for status in refused), refused
        assert taken == 204
        assert [kept.key for kept in bucket.walk(ARRIVING)] == [key]

    @pytest.mark.parametrize(
        ("showing", "kind", "disposition"),
        [
            (
                LETTER,
                "application/octet-stream",
                "attachment; filename*=utf-8''gr%C3%BC%C3%9Fe.txt",
            ),
            (PICTURE, "image/png", 'inline; filename="a.png"'),
        ],
    )
    def test_says_what_a_browser_does_with_it(
        self, bucket: Bucket, showing: Showing, kind: str, disposition: str
    ) -> None:
        keep(cast("Store", bucket))

        answer = fetched(bucket.serve(KEY, showing)["Location"])

        assert answer.headers["Content-Type"] == kind
        assert answer.headers["Content-Disposition"] == disposition

    def test_brings_back_what_was_deleted_but_not_what_was_erased(self, bucket: Bucket) -> None:
        files = cast("Store", bucket)
        keep(files, content=b"old")
        keep(files, content=b"new")
        keep(files, OTHER)
        bucket.delete(KEY)
        bucket.erase(OTHER)

        assert bucket.restore(KEY)
        assert not bucket.restore(OTHER)
        with bucket.open(KEY) as file:
            assert file.read() == b"new"
