"""The command `files`: what has no row, what has no file, and what it repairs."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.events.models import Event
from apps.kernel.storage import store
from apps.kernel.storage.s3 import Bucket
from apps.knowledge.models import ArticleImage
from apps.ops import stored as checks
from apps.tickets import actions, files
from apps.tickets.models import Attachment
from tests.buckets import bucket
from tests.cast import Cast, client_of
from tests.knowledge.shelf import drafted, pictured
from tests.support import NOON
from tests.tickets.desk import raised, stored

__all__ = ["bucket"]  # a fixture
pytestmark = pytest.mark.django_db
ORPHAN = "attachments/2026/01/01/nobody"


@pytest.fixture(autouse=True)
def everything_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "GRACE", -timedelta(minutes=1))
    monkeypatch.setattr(checks, "PAGE", 2)


@pytest.fixture(params=["folder", "s3"])
def _storage(request: pytest.FixtureRequest) -> None:
    if request.param == "s3":
        request.getfixturevalue("bucket")


def told(*arguments: str, fails: bool = False) -> list[str]:
    out = io.StringIO()
    if fails:
        with pytest.raises(CommandError, match="missing"):
            call_command("files", *arguments, stdout=out)
    else:
        call_command("files", *arguments, stdout=out)
    return out.getvalue().splitlines()


def attached(cast: Cast, count: int = 1) -> list[Attachment]:
    raised(cast, attachments=[stored(f"{number}.txt") for number in range(count)])
    return list(Attachment.objects.order_by("pk"))


@pytest.mark.usefixtures("_storage")
class TestTheCommand:
    def test_is_content_with_a_desk_in_order(self, cast: Cast) -> None:
        attached(cast, 5)
        actions.keep_upload(stored=stored(), actor=cast.actor(cast.rachel), now=NOON)
        pictured(cast, drafted(cast))

        assert told() == ["0 orphans, 0 missing"]

    def test_tells_orphans_and_deletes_them_when_asked(self, cast: Cast) -> None:
        attached(cast, 3)
        store().save(ORPHAN, ContentFile(b"x"))

        assert told() == [f"orphan {ORPHAN}", "1 orphans, 0 missing"]
        assert store().exists(ORPHAN)
        told("--repair")
        assert not store().exists(ORPHAN)
        assert told() == ["0 orphans, 0 missing"]

    def test_leaves_alone_what_may_still_be_named(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checks, "GRACE", timedelta(days=2))
        store().save(ORPHAN, ContentFile(b"x"))

        assert told("--repair") == ["0 orphans deleted, 0 missing"]
        assert store().exists(ORPHAN)

    def test_misses_nothing_that_came_meanwhile(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its day's folder was listed before."""
        attached(cast)
        of = checks._Folders.of

        def then_another(self: checks._Folders, key: str) -> Collection[str]:
            listed = of(self, key)
            if Attachment.objects.count() == 1:
                attached(cast)
            return listed

        monkeypatch.setattr(checks._Folders, "of", then_another)

        assert list(checks.missing(checks.SHELVES[0])) == []

    def test_a_drafts_file_that_is_sent_meanwhile_is_nobodys_at_no_moment(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = stored()

        def sent_just_before(key: str) -> bool:
            if not Attachment.objects.exists():
                raised(cast, attachments=[file])
            return False

        shelf = replace(checks.SHELVES[0], is_kept=sent_just_before)

        assert list(checks.orphans(shelf, now=timezone.now())) == []

    def test_fails_for_what_is_missing_and_names_it(self, cast: Cast) -> None:
        gone = attached(cast, 5)[2]
        picture = pictured(cast, drafted(cast))
        store().erase(gone.key)
        store().erase(picture.key)

        lines = told(fails=True)

        assert lines == [
            f"missing tickets.Attachment {gone.pk} {gone.key}",
            f"missing knowledge.ArticleImage {picture.pk} {picture.key}",
            "0 orphans, 2 missing",
        ]

    def test_does_not_miss_what_was_redacted(self, cast: Cast) -> None:
        row = attached(cast)[0]
        actions.redact_attachment(attachment=row, actor=cast.actor(cast.lena), now=NOON)
        store().erase(row.key)

        assert told() == ["0 orphans, 0 missing"]

    def test_marks_what_nothing_brings_back_until_it_is_there_again(self, cast: Cast) -> None:
        row = attached(cast)[0]
        store().erase(row.key)

        told("--repair", fails=True)
        told("--repair", fails=True)

        row.refresh_from_db()
        assert row.missing_at is not None
        assert Event.objects.filter(name="attachment.missed").count() == 1
        assert client_of(cast.rachel).get(f"/files/{row.ref}/").status_code == 404
        page = client_of(cast.alice).get(f"/admin/tickets/ticket/{row.message.ticket_id}/change/")
        assert "the storage no longer has it" in page.content.decode()

        store().save(row.key, ContentFile(b"plain words"))
        assert "1 missed before, there now" in told("--repair")
        row.refresh_from_db()
        assert row.missing_at is None


def test_brings_back_what_the_bucket_still_has_an_older_version_of(
    bucket: Bucket, cast: Cast
) -> None:
    row, picture = attached(cast)[0], pictured(cast, drafted(cast))
    bucket.delete(row.key)
    bucket.delete(picture.key)

    lines = told("--repair")

    assert lines == [
        f"restored tickets.Attachment {row.pk} {row.key}",
        f"restored knowledge.ArticleImage {picture.pk} {picture.key}",
        "0 orphans deleted, 0 missing",
    ]
    assert ArticleImage.objects.get() == picture
    with bucket.open(row.key) as file:
        assert file.read() == b"plain words"
    assert files.serve(row).status_code == 302
