"""Files that browsers send straight to S3: granted, sent, confirmed; and S3 when it is ill."""

from __future__ import annotations

from collections import Counter
from typing import IO, Any
from urllib.parse import urlsplit

import pytest
from botocore.client import BaseClient
from botocore.httpsession import URLLib3Session
from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.kernel import aws as clients
from apps.kernel import circuit, scanning
from apps.kernel.actors import SYSTEM
from apps.kernel.scanning import scanner
from apps.kernel.scanning.rules import Rules
from apps.kernel.storage import ARRIVING, s3, store
from apps.kernel.storage.s3 import Bucket
from apps.tickets import actions, tasks, views
from apps.tickets.models import Attachment, Ticket, Upload
from tests.buckets import bucket, fetched, posted
from tests.cast import Cast, client_of
from tests.clamd import clamd
from tests.ill import Ill
from tests.kernel.test_scanning import EICAR
from tests.portal.pages import form
from tests.tickets.desk import raised, stored

__all__ = ["bucket"]  # a fixture
pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


def asked(client: Client, name: str = "a.txt", size: int = 3) -> dict[str, Any]:
    answer = client.post("/uploads/", {"name": name, "size": size}, headers=JSON)
    return {"status": answer.status_code, **answer.json()}


def confirmed(client: Client, grant: dict[str, Any]) -> dict[str, Any]:
    confirm = grant["confirm"]
    answer = client.post(confirm["url"], confirm["fields"], headers=JSON)
    return {"status": answer.status_code, **answer.json()}


def sent(client: Client, content: bytes = b"abc", name: str = "a.txt") -> dict[str, Any]:
    grant = asked(client, name, len(content))
    assert posted(grant, content) == 204
    return confirmed(client, grant)


def kept_in(bucket: Bucket, folder: str) -> list[str]:
    return [kept.key for kept in bucket.walk(folder)]


def folders_with_versions(bucket: Bucket) -> list[str]:
    """Of each version and mark of a deletion that the bucket keeps, the folder."""
    found = clients.client("s3").list_object_versions(Bucket=bucket.bucket_name)
    every = (*found.get("Versions", ()), *found.get("DeleteMarkers", ()))
    return [one["Key"].split("/")[1] for one in every]


class TestAGrant:
    def test_of_a_folder_leads_to_the_desk_itself(self, cast: Cast) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.rachel)
        page = client.get("/new/other/")
        token = page.context["csrf_token"]
        grant = client.post(
            "/uploads/", {"name": "a.txt", "size": 3}, headers={**JSON, "X-CSRFToken": str(token)}
        ).json()

        file = SimpleUploadedFile("a.txt", b"abc")
        answer = client.post(grant["url"], {**grant["fields"], "file": file}, headers=JSON)

        assert answer.json()["ref"] == Upload.objects.get().ref
        assert "confirm" not in grant

    def test_is_refused_for_what_is_too_large_before_it_is_sent(
        self, cast: Cast, bucket: Bucket, settings: Any
    ) -> None:
        settings.ATTACHMENT_MAX_BYTES = 2

        said = asked(client_of(cast.rachel))

        assert said["status"] == 413
        assert "too large" in said["message"]

    @pytest.mark.parametrize("wrong", [{}, {"name": "a"}, {"name": "a", "size": "-1"}])
    def test_is_refused_without_a_file(
        self, cast: Cast, bucket: Bucket, wrong: dict[str, str]
    ) -> None:
        answer = client_of(cast.rachel).post("/uploads/", wrong, headers=JSON)

        assert answer.json()["message"] == "Choose a file."

    def test_is_given_so_often(
        self, cast: Cast, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("apps.tickets.views.UPLOADS", 1)
        client = client_of(cast.rachel)

        assert [asked(client)["status"] for _ in range(2)] == [200, 429]


class TestAFileSentToTheBucket:
    def test_becomes_an_attachment_that_its_people_fetch_there(
        self, cast: Cast, bucket: Bucket
    ) -> None:
        client = client_of(cast.rachel)
        said = sent(client, b"12.50", "../bill.txt")

        client.post("/new/other/", form(uploads=[said["ref"]]))

        row = Attachment.objects.get()
        assert (row.name, row.size, row.scan) == ("bill.txt", 5, "clean")
        assert kept_in(bucket, ARRIVING) == []
        assert kept_in(bucket, "attachments") == [row.key]
        answer = client.get(f"/files/{row.ref}/")
        assert answer.status_code == 302
        assert fetched(answer["Location"]).data == b"12.50"
        assert client_of(cast.oscar).get(f"/files/{row.ref}/").status_code == 404

    def test_is_kept_once_however_often_it_is_confirmed(self, cast: Cast, bucket: Bucket) -> None:
        client, grant = client_of(cast.rachel), asked(client_of(cast.rachel))
        posted(grant, b"abc")
        first = confirmed(client, grant)
        posted(grant, b"xyz")  # the grant still holds, for a while

        second = confirmed(client, grant)

        assert first == second
        assert len(kept_in(bucket, "attachments")) == 1

    def test_confirmed_again_after_it_was_sent_never_changes_what_was_sent(
        self, cast: Cast, bucket: Bucket
    ) -> None:
        client, grant = client_of(cast.rachel), asked(client_of(cast.rachel))
        posted(grant, b"abc")
        client.post("/new/other/", form(uploads=[confirmed(client, grant)["ref"]]))
        posted(grant, b"xyz")

        confirmed(client, grant)

        with bucket.open(Attachment.objects.get().key) as file:
            assert file.read() == b"abc"

    def test_that_never_came_is_told(self, cast: Cast, bucket: Bucket) -> None:
        client = client_of(cast.rachel)

        said = confirmed(client, asked(client))

        assert (said["status"], said["code"]) == (409, "files.never-arrived")

    def test_is_confirmed_by_whoever_sent_it(self, cast: Cast, bucket: Bucket) -> None:
        grant = asked(client_of(cast.rachel))
        posted(grant, b"abc")

        assert confirmed(client_of(cast.oscar), grant)["status"] == 409
        assert not Upload.objects.exists()

    @pytest.mark.parametrize(
        "token",
        ["", "x:y:z", signing.dumps([1, "attachments/x", "a"], salt="another")],
        ids=["none", "no token", "of another kind"],  # a token's time would be in its name
    )
    def test_is_confirmed_with_our_own_word_for_it(
        self, cast: Cast, bucket: Bucket, token: str
    ) -> None:
        answer = client_of(cast.rachel).post("/uploads/confirm/", {"token": token}, headers=JSON)

        assert answer.status_code == 409

    def test_that_comes_with_the_form_goes_there_too(self, cast: Cast, bucket: Bucket) -> None:
        file = SimpleUploadedFile("along.txt", b"abc")

        client_of(cast.rachel).post("/new/other/", form(attachments=[file]))

        assert kept_in(bucket, "attachments") == [Attachment.objects.get().key]


class TestAHarmfulFile:
    def test_is_held_back_and_staff_see_why(self, cast: Cast, bucket: Bucket) -> None:
        client = client_of(cast.rachel)
        client.post("/new/other/", form(uploads=[sent(client, EICAR, "bill.pdf")["ref"]]))

        row = Attachment.objects.get()

        assert row.scan == "quarantined"
        assert client.get(f"/files/{row.ref}/").status_code == 404
        ticket = Ticket.objects.get()
        mine = client.get(f"/requests/{ticket.ref}/").content.decode()
        theirs = client_of(cast.alice).get(f"/admin/tickets/ticket/{ticket.pk}/change/")
        assert "bill.pdf: held back" in mine
        assert "Eicar" not in mine
        assert "Eicar-Test-Signature" in theirs.content.decode()

    def test_waits_while_the_scanner_is_away_and_is_looked_at_later(self, cast: Cast) -> None:
        with clamd() as url:
            adapter = scanner.build(url)
        with scanner.override(adapter):
            raised(cast, attachments=[stored("bad.txt", EICAR), stored("good.txt")])
            tasks.scan_waiting()
        client = client_of(cast.rachel)
        bad, good = Attachment.objects.order_by("pk")
        page = client.get(f"/requests/{Ticket.objects.get().ref}/").content.decode()
        waiting = [client.get(f"/files/{row.ref}/").status_code for row in (bad, good)]

        with clamd() as url, scanner.override(scanner.build(url)):
            tasks.scan_waiting()

        assert waiting == [409, 409]
        assert "good.txt: being checked" in page
        assert client.get(f"/files/{bad.ref}/").status_code == 404
        answer = client.get(f"/files/{good.ref}/")
        assert b"".join(answer.streaming_content) == b"plain words"  # type: ignore[attr-defined]
        bad.refresh_from_db()
        assert (bad.scan, bad.finding) == ("quarantined", "Eicar-Test-Signature")


def test_a_file_that_the_scanner_cannot_look_at_stops_no_other(cast: Cast) -> None:
    with clamd() as url:
        adapter = scanner.build(url)
    with scanner.override(adapter):
        raised(cast, attachments=[stored("large.bin", b"x" * 6_000_000), stored("good.txt")])

    with clamd() as url, scanner.override(scanner.build(url)):
        tasks.scan_waiting()

    assert [row.scan for row in Attachment.objects.order_by("pk")] == ["pending", "clean"]


class TestTurnsOfScanning:
    @pytest.fixture
    def waiting(self, cast: Cast) -> list[Attachment]:
        """Files that came while the scanner was away."""
        with clamd() as url:
            adapter = scanner.build(url)
        with scanner.override(adapter):
            raised(cast, attachments=[stored(f"{n}.txt") for n in range(4)])
        return list(Attachment.objects.order_by("pk"))

    def scans(self) -> list[str]:
        return list(Attachment.objects.order_by("pk").values_list("scan", flat=True))

    def test_one_that_the_scanner_fails_at_stops_no_other_and_comes_again_later(
        self, waiting: list[Attachment]
    ) -> None:
        class Odd(Rules):
            asked = 0

            def find(self, file: IO[bytes]) -> str:
                self.asked += 1
                if self.asked == 1:
                    raise KeyError("a file such as nobody has thought of")
                return super().find(file)

        odd = Odd(urlsplit("rules:"))
        with scanner.override(odd):
            tasks.scan_waiting()
            tasks.scan_waiting()

        assert self.scans() == ["pending", "clean", "clean", "clean"]
        assert odd.asked == 4
        first = Attachment.objects.get(pk=waiting[0].pk)
        assert first.scan_held_until is not None
        again = actions.claim_scan(actor=SYSTEM, now=first.scan_held_until)
        assert again == first
        first.refresh_from_db()
        assert first.scan_held_until > again.scan_held_until + actions.scanning.SCAN_WITHIN  # type: ignore[operator]

    def test_one_for_which_alone_something_is_away_stops_no_other(
        self, waiting: list[Attachment]
    ) -> None:
        """A refused object, or a file that takes the scanner too long: each turn ends at it."""

        class Slow(Rules):
            def find(self, file: IO[bytes]) -> str:
                if file.read() == b"slow":
                    raise scanning.ScannerAwayError("it took too long")
                file.seek(0)
                return super().find(file)

        store().delete(waiting[0].key)
        store().save(waiting[0].key, ContentFile(b"slow"))
        with scanner.override(Slow(urlsplit("rules:"))):
            tasks.scan_waiting()
            at_once = self.scans()
            tasks.scan_waiting()

        assert at_once == ["pending"] * 4
        assert self.scans() == ["pending", "clean", "clean", "clean"]
        assert Attachment.objects.get(pk=waiting[0].pk).scan_tries == 0

    def test_a_file_is_claimed_once(self, waiting: list[Attachment]) -> None:
        now = timezone.now()
        claimed = [actions.claim_scan(actor=SYSTEM, now=now) for _ in range(5)]

        assert claimed == [*waiting, None]

    def test_while_the_scanner_is_away_one_is_asked_about_and_none_loses_its_turn(
        self, waiting: list[Attachment]
    ) -> None:
        with clamd() as url:
            adapter = scanner.build(url)
        with scanner.override(adapter):
            tasks.scan_waiting()
        tasks.scan_waiting()

        assert self.scans() == ["clean"] * 4


class TestConfirming:
    def test_is_counted(self, cast: Cast, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(views, "UPLOADS", 2)
        client = client_of(cast.rachel)
        grant = asked(client)

        seen = [confirmed(client, grant)["status"] for _ in range(3)]  # of a file that never came

        assert seen == [409, 409, 429]

    @pytest.mark.parametrize("room", [("FILES_WAITING", 1), ("BYTES_WAITING", 5)])
    def test_fetches_nothing_where_there_is_no_room(
        self, cast: Cast, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, room: tuple[str, int]
    ) -> None:
        client = client_of(cast.rachel)
        sent(client)
        grant = asked(client)
        assert posted(grant, b"abc") == 204
        monkeypatch.setattr(actions.uploading, *room)
        monkeypatch.setattr(Bucket, "arrived", None)

        assert confirmed(client, grant)["code"] == "attachment.too-many-waiting"

    def test_leaves_no_older_version_behind(self, cast: Cast, bucket: Bucket) -> None:
        """What is redacted later must not stand where it arrived."""
        sent(client_of(cast.rachel))

        assert folders_with_versions(bucket) == ["attachments"]

    def test_leaves_nothing_of_a_copy_that_is_refused_after_all(
        self, cast: Cast, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another file came first, while this one was looked at."""
        client = client_of(cast.rachel)
        grant = asked(client)
        assert posted(grant, b"abc") == 204
        monkeypatch.setattr(actions, "check_room", lambda **_said: None)
        monkeypatch.setattr(actions.uploading, "FILES_WAITING", 0)

        assert confirmed(client, grant)["code"] == "attachment.too-many-waiting"
        assert folders_with_versions(bucket) == [ARRIVING]  # it may be confirmed when there is room


def test_a_file_that_came_with_a_form_and_is_refused_leaves_nothing(
    cast: Cast, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions.uploading, "FILES_WAITING", 0)
    file = SimpleUploadedFile("a.txt", b"abc")

    answer = client_of(cast.rachel).post("/uploads/", {"file": file}, headers=JSON)

    assert answer.json()["code"] == "attachment.too-many-waiting"
    assert folders_with_versions(bucket) == []


def test_a_page_waits_for_a_yes_or_no_of_s3_once_and_shortly(
    cast: Cast, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight threads that each wait for a file's sixteen seconds are a desk that is away."""
    raised(cast, attachments=[stored()])
    asked_with = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def note(self: BaseClient, operation: str, params: dict[str, Any]) -> Any:
        limits: Any = self.meta.config
        asked_with.append((operation, limits.read_timeout, limits.retries["total_max_attempts"]))
        return call(self, operation, params)

    monkeypatch.setattr(BaseClient, "_make_api_call", note)
    client_of(cast.rachel).get(f"/files/{Attachment.objects.get().ref}/")

    assert asked_with == [("HeadObject", s3.HEAD_READ, 1)]


@pytest.fixture
def ill(bucket: Bucket, monkeypatch: pytest.MonkeyPatch, aws: dict[str, str]) -> Ill:
    """S3 as it is, until it is told to fall ill."""
    monkeypatch.setattr(clients, "FILE_READ", 0.3)
    monkeypatch.setattr(s3, "HEAD_READ", 0.3)
    return Ill(bucket, aws["AWS_ENDPOINT_URL"], monkeypatch)


@pytest.mark.parametrize("how", ["403", "503", "silent", "gone"])
class TestWhenS3:
    """…refuses, is overloaded, never answers or can't be reached."""

    def test_is_away_one_asks_for_all(
        self, cast: Cast, ill: Ill, how: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raised(cast, attachments=[stored()])
        client, path = client_of(cast.rachel), f"/files/{Attachment.objects.get().ref}/"
        asked_of = Counter[str]()
        send = URLLib3Session.send

        def count(self: URLLib3Session, request: Any) -> Any:
            asked_of["s3"] += 1
            return send(self, request)

        monkeypatch.setattr(circuit, "RETRY", 3600)  # however slow this machine is
        monkeypatch.setattr(URLLib3Session, "send", count)
        with ill.with_(how):
            answers = [client.get(path).status_code for _ in range(4)]

        assert answers == [503] * 4
        assert asked_of["s3"] == (4 if how in {"403", "503"} else 1)  # who answers is there

    def test_takes_no_file_the_form_is_kept(self, cast: Cast, ill: Ill, how: str) -> None:
        client = client_of(cast.rachel)
        with ill.with_(how):
            file = SimpleUploadedFile("a.txt", b"abc")
            answer = client.post("/new/other/", form(text="My words", attachments=[file]))

        assert "Files can&#x27;t be reached right now" in answer.content.decode()
        assert "My words" in answer.content.decode()
        assert not Ticket.objects.exists()
        assert not Upload.objects.exists()

    def test_confirms_nothing_it_can_be_retried(
        self, cast: Cast, bucket: Bucket, ill: Ill, how: str
    ) -> None:
        client = client_of(cast.rachel)
        grant = asked(client)
        posted(grant, b"abc")
        with ill.with_(how):
            said = confirmed(client, grant)
        after = confirmed(client, grant)

        assert (said["status"], said["code"]) == (503, "files.away")
        assert after["status"] == 200
        assert len(kept_in(bucket, "attachments")) == 1

    def test_shows_no_file_the_desk_says_so(self, cast: Cast, ill: Ill, how: str) -> None:
        raised(cast, attachments=[stored()])
        with ill.with_(how):
            answer = client_of(cast.rachel).get(f"/files/{Attachment.objects.get().ref}/")

        assert answer.status_code == 503
        assert "try again in a minute" in answer.content.decode()

    def test_deletes_nothing_the_removal_counts_anyway(
        self,
        cast: Cast,
        bucket: Bucket,
        ill: Ill,
        how: str,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        client = client_of(cast.rachel)
        remove = sent(client)["remove"]
        with ill.with_(how), django_capture_on_commit_callbacks(execute=True):
            answer = client.post(remove, headers=JSON)

        assert answer.status_code == 200
        assert not Upload.objects.exists()
        assert len(kept_in(bucket, "attachments")) == 1  # an orphan, which its chore finds
