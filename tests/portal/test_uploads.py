"""Files that go ahead of their form: whose they are, how many, how long, and once only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.kernel.errors import ForbiddenError
from apps.tickets import actions, tasks
from apps.tickets.actions import uploading
from apps.tickets.errors import UploadGoneError, UploadsFullError
from apps.tickets.models import Attachment, Message, Ticket, Upload
from apps.tickets.querysets import KEEP_UPLOADS
from tests.cast import Cast, client_of
from tests.portal.pages import form
from tests.support import NOON
from tests.tickets.desk import raised, stored

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


def kept(cast: Cast, by: User | None = None, **said: Any) -> Upload:
    person = by or cast.rachel
    return actions.keep_upload(stored=stored(**said), actor=cast.actor(person), now=NOON)


def sent(client: Client, name: str = "a.txt", content: bytes = b"abc") -> dict[str, Any]:
    file = SimpleUploadedFile(name, content)
    answer = client.post("/uploads/", {"file": file}, headers=JSON)
    return {"status": answer.status_code, **answer.json()}


class TestAnUpload:
    def test_becomes_an_attachment_with_the_same_bytes(self, cast: Cast) -> None:
        upload = kept(cast, name="bill.txt", content=b"12.50")

        raised(cast, uploads=[upload.ref])

        file = Attachment.objects.get()
        assert (file.name, file.key, file.sha256) == ("bill.txt", upload.key, upload.sha256)
        with default_storage.open(file.key) as bytes_kept:
            assert bytes_kept.read() == b"12.50"
        assert not Upload.objects.exists()

    def test_is_taken_once(self, cast: Cast) -> None:
        upload = kept(cast)
        raised(cast, uploads=[upload.ref])

        with pytest.raises(UploadGoneError):
            raised(cast, uploads=[upload.ref])

        assert Ticket.objects.count() == 1

    def test_of_somebody_else_is_not_there(self, cast: Cast) -> None:
        upload = kept(cast, by=cast.oscar)

        with pytest.raises(UploadGoneError):
            raised(cast, uploads=[upload.ref])

        assert Upload.objects.get() == upload
        assert not Ticket.objects.exists()

    def test_is_kept_for_a_day(self, cast: Cast) -> None:
        upload = kept(cast)
        later = NOON + KEEP_UPLOADS

        with pytest.raises(UploadGoneError):
            uploading.take_uploads([upload.ref], actor=cast.actor(cast.rachel), now=later)

    def test_works_with_files_that_come_with_the_form(self, cast: Cast) -> None:
        ticket, client = raised(cast), client_of(cast.rachel)
        ahead = sent(client, "ahead.txt")["ref"]
        file = SimpleUploadedFile("along.txt", b"abc")

        client.post(f"/requests/{ticket.ref}/reply/", form(uploads=[ahead], attachments=[file]))

        assert {row.name for row in Attachment.objects.all()} == {"ahead.txt", "along.txt"}
        assert not Upload.objects.exists()

    def test_that_was_confirmed_twice_at_once_is_kept_once(
        self, cast: Cast, django_capture_on_commit_callbacks: Any
    ) -> None:
        rachel, one, two = cast.actor(cast.rachel), stored(), stored()
        first = actions.keep_upload(stored=one, actor=rachel, now=NOON, arrival="arriving/x")

        with django_capture_on_commit_callbacks(execute=True):
            second = actions.keep_upload(stored=two, actor=rachel, now=NOON, arrival="arriving/x")

        assert first == second == Upload.objects.get()
        assert default_storage.exists(one.key)
        assert not default_storage.exists(two.key)

    def test_of_nobody_is_refused(self, cast: Cast) -> None:
        cast.rachel.is_active = False
        cast.rachel.save()

        with pytest.raises(ForbiddenError):
            kept(cast)


def test_there_are_so_many_for_a_person(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "FILES_WAITING", 2)
    kept(cast)
    kept(cast)

    with pytest.raises(UploadsFullError):
        kept(cast)

    assert kept(cast, by=cast.oscar)


def test_there_is_so_much_for_a_person(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "BYTES_WAITING", 10)
    kept(cast, content=b"123456")

    with pytest.raises(UploadsFullError):
        kept(cast, content=b"12345")

    assert kept(cast, content=b"1234")


def test_what_was_never_sent_goes_with_its_bytes(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    old = kept(cast)  # in the tests' past, longer ago than a day
    fresh = actions.keep_upload(
        stored=stored(), actor=cast.actor(cast.rachel), now=timezone.now() - timedelta(hours=1)
    )

    with django_capture_on_commit_callbacks(execute=True):
        tasks.discard_uploads()

    assert Upload.objects.get() == fresh
    assert not default_storage.exists(old.key)
    assert default_storage.exists(fresh.key)


class TestTheDoor:
    def test_answers_with_what_the_form_needs(self, cast: Cast) -> None:
        client = client_of(cast.rachel)

        said = sent(client, "../up/photo.png", b"x")
        answer = client.post("/new/other/", form(uploads=[said["ref"]]))

        assert said["name"] == "photo.png"
        assert answer.status_code == 302
        assert Attachment.objects.get().name == "photo.png"

    def test_says_in_words_why_a_file_is_refused(self, cast: Cast, settings: Any) -> None:
        settings.ATTACHMENT_MAX_BYTES = 2

        said = sent(client_of(cast.rachel))

        assert said["status"] == 413
        assert "too large" in said["message"]
        assert not Upload.objects.exists()

    def test_removes_ones_own_only(
        self, cast: Cast, django_capture_on_commit_callbacks: Any
    ) -> None:
        mine, foreign = kept(cast), kept(cast, by=cast.oscar)
        client = client_of(cast.rachel)

        with django_capture_on_commit_callbacks(execute=True):
            answers = [client.post(f"/uploads/{row.ref}/remove/") for row in (mine, foreign)]

        assert [answer.status_code for answer in answers] == [200, 200]
        assert Upload.objects.get() == foreign
        assert not default_storage.exists(mine.key)

    def test_lets_nobody_flood_it(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("apps.tickets.views.UPLOADS", 1)
        client = client_of(cast.rachel)

        first, second = sent(client), sent(client)

        assert (first["status"], second["status"]) == (200, 429)


class TestAFormThatComesBack:
    """Without scripts too: what came with it is kept, with a box to untick."""

    def test_keeps_its_files(self, cast: Cast) -> None:
        client = client_of(cast.rachel)
        file = SimpleUploadedFile("scan.txt", b"abc")

        back = client.post("/new/other/", form(subject="", attachments=[file]))
        upload = Upload.objects.get()
        again = client.post("/new/other/", form(uploads=[upload.ref]))

        assert f'name="uploads" value="{upload.ref}"' in back.content.decode()
        assert again.status_code == 302
        assert Attachment.objects.get().name == "scan.txt"

    def test_leaves_out_what_was_unticked(self, cast: Cast) -> None:
        client = client_of(cast.rachel)
        client.post(
            "/new/other/", form(subject="", attachments=[SimpleUploadedFile("scan.txt", b"abc")])
        )

        client.post("/new/other/", form())

        assert Message.objects.get().attachments.count() == 0

    def test_says_that_a_file_is_gone(self, cast: Cast) -> None:
        answer = client_of(cast.rachel).post("/new/other/", form(uploads=[kept(cast).ref]))

        assert "no longer kept" in answer.content.decode()
        assert not Ticket.objects.exists()

    @pytest.mark.parametrize("odd", ["x", "0" * 17, "'; --", "ÄÖÜ" * 5 + "A"])
    def test_takes_no_odd_names_for_files(self, cast: Cast, odd: str) -> None:
        answer = client_of(cast.rachel).post("/new/other/", form(uploads=[odd]))

        assert answer.status_code == 200
        assert not Ticket.objects.exists()

    def test_counts_both_ways_together(self, cast: Cast, settings: Any) -> None:
        settings.ATTACHMENTS_PER_MESSAGE = 1
        client = client_of(cast.rachel)
        ahead = sent(client)["ref"]

        answer = client.post(
            "/new/other/", form(uploads=[ahead], attachments=[SimpleUploadedFile("b", b"b")])
        )

        assert "Attach up to 1 files" in answer.content.decode()
        assert not Ticket.objects.exists()


def test_a_form_sent_twice_takes_its_files_once(cast: Cast) -> None:
    client = client_of(cast.rachel)
    said = form(uploads=[sent(client)["ref"]])

    first, second = client.post("/new/other/", said), client.post("/new/other/", said)

    assert first["Location"] == second["Location"]
    assert Attachment.objects.count() == 1
