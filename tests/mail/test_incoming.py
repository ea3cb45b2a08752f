"""Mail that came in: kept as it came, noted once, found when its notice was lost."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest
from django.core.management import call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.actions import anonymise_person
from apps.events import journal
from apps.kernel import aws as clients
from apps.kernel.errors import ForbiddenError
from apps.mail import actions, events, reading, tasks
from apps.mail.inbox import Inbox, InboxAwayError, RawMissingError, inbox
from apps.mail.inbox.s3 import PREFIX
from apps.mail.models import IncomingMail
from apps.mail.notices import UnreadableError, arrival_in
from deploy import stacks
from tests.cast import Cast
from tests.support import NOON

BUCKET = "desk-inbox"
RAW = (
    "From: Rachel <rachel@example.com>\r\nTo: help@desk.example.com\r\n"
    "Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\nMessage-ID: <1@example.com>\r\n"
    "Date: Mon, 4 May 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/html; charset=utf-8\r\n\r\n"
    "<p>Füße</p><script>alert(1)</script>\r\n"
).encode()


def notice(key: str = f"{PREFIX}m1", *, store: str = BUCKET, virus: str = "PASS") -> dict[str, Any]:
    """As SES writes it (developer guide, "contents of notifications for receiving")."""
    return {
        "notificationType": "Received",
        "receipt": {
            "timestamp": "2026-05-04T12:00:00.000Z",
            "processingTimeMillis": 222,
            "recipients": ["help@desk.example.com"],
            "spamVerdict": {"status": "PASS"},
            "virusVerdict": {"status": virus},
            "spfVerdict": {"status": "PASS"},
            "dkimVerdict": {"status": "GRAY"},
            "action": {
                "type": "S3",
                "topicArn": "arn:aws:sns:eu-central-1:123456789012:arrived",
                "bucketName": store,
                "objectKeyPrefix": PREFIX,
                "objectKey": key,
            },
        },
        "mail": {
            "timestamp": "2026-05-04T12:00:00.000Z",
            "source": "rachel@example.com",
            "messageId": "m1",
            "destination": ["help@desk.example.com"],
            "commonHeaders": {"subject": "Grüße"},
        },
    }


class Box(Protocol):
    inbox: Inbox

    def put(self, name: str, raw: bytes = RAW) -> str:
        """Store a mail as whoever brings it does. Its key."""

    def break_(self) -> None:
        """The store can't be reached any more."""


class FolderBox:
    def __init__(self, folder: Path, settings: Any) -> None:
        settings.INBOX_FOLDER = self.folder = folder
        self.inbox = inbox.build("folder:/nowhere")

    def put(self, name: str, raw: bytes = RAW) -> str:
        self.folder.mkdir(exist_ok=True)
        (self.folder / f"{name}.eml").write_bytes(raw)
        return f"{name}.eml"

    def break_(self) -> None:
        self.folder.rename(self.folder.with_name("away"))
        self.folder.write_text("no folder")


class BucketBox:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client, self.monkeypatch = boto3.client("s3"), monkeypatch
        self.bucket = f"desk-inbox-{secrets.token_hex(6)}"  # a name that all accounts share
        where: Any = {"LocationConstraint": "eu-central-1"}
        self.client.create_bucket(Bucket=self.bucket, CreateBucketConfiguration=where)
        self.client.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        self.client.put_object(
            Bucket=self.bucket, Key=f"{PREFIX}AMAZON_SES_SETUP_NOTIFICATION", Body=b"x"
        )
        self.inbox = inbox.build(f"ses://desk?inbox={self.bucket}")

    def put(self, name: str, raw: bytes = RAW) -> str:
        self.client.put_object(Bucket=self.bucket, Key=f"{PREFIX}{name}", Body=raw)
        return f"{PREFIX}{name}"

    def break_(self) -> None:
        self.monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        clients.client.cache_clear()


@pytest.fixture(params=["folder", "bucket"])
def box(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[FolderBox | BucketBox]:
    made: FolderBox | BucketBox
    if request.param == "folder":
        made = FolderBox(tmp_path / "in", settings)
    else:
        request.getfixturevalue("aws")
        made = BucketBox(monkeypatch)
    with inbox.override(made.inbox):
        yield made


class TestEveryInbox:
    def test_shows_what_is_kept_and_gives_it_as_it_came(self, box: Box) -> None:
        keys = {box.put("a"), box.put("b", b"\xff\x00 no mail at all")}

        found = {raw.key: raw.size for raw in box.inbox.walk()}

        assert found.keys() == keys
        assert box.inbox.read(min(keys)) == RAW
        assert box.inbox.read(max(keys)) == b"\xff\x00 no mail at all"
        assert found[min(keys)] == len(RAW)

    def test_says_when_one_is_gone(self, box: Box) -> None:
        key = box.put("a")
        box.put("a", b"newer")

        box.inbox.erase(key)
        box.inbox.erase(key)

        assert list(box.inbox.walk()) == []
        with pytest.raises(RawMissingError):
            box.inbox.read(key)

    def test_leaves_nothing_of_an_older_version(self, box: Box) -> None:
        key = box.put("a")
        box.put("a", b"newer")
        box.inbox.erase(key)

        if isinstance(box, BucketBox):
            left = box.client.list_object_versions(Bucket=box.bucket, Prefix=key)
            assert left.get("Versions", []) == []

    def test_says_when_it_can_not_be_reached(self, box: Box) -> None:
        key = box.put("a")
        box.break_()

        with pytest.raises(InboxAwayError):
            box.inbox.read(key)

    @pytest.mark.parametrize("key", ["../desk.eml", "/etc/passwd", "a/b.eml", "a.txt", ""])
    def test_a_key_never_leads_out_of_the_folder(
        self, tmp_path: Path, settings: Any, key: str
    ) -> None:
        (tmp_path / "desk.eml").write_bytes(RAW)
        made = FolderBox(tmp_path / "in", settings)

        with pytest.raises(RawMissingError):
            made.inbox.read(key)


class TestNotices:
    def test_are_read(self) -> None:
        arrival = arrival_in(notice(virus="FAIL"))

        assert (arrival.store, arrival.key) == (BUCKET, f"{PREFIX}m1")
        assert (arrival.envelope_from, arrival.envelope_to) == (
            "rachel@example.com",
            ["help@desk.example.com"],
        )
        assert (arrival.spam, arrival.virus, arrival.received_at) == ("PASS", "FAIL", NOON)

    @pytest.mark.parametrize(
        "told",
        [
            {},
            {"notificationType": "Received"},
            notice() | {"mail": "x"},
            notice() | {"receipt": {"action": {"type": "SNS"}}},
            notice() | {"notificationType": "Bounce"},
        ],
    )
    def test_anything_else_is_refused(self, told: dict[str, Any]) -> None:
        with pytest.raises(UnreadableError):
            arrival_in(told)


def later(minutes: int = 1) -> datetime:
    return NOON + timedelta(minutes=minutes)


def take_all(now: datetime) -> None:
    while actions.take_next(now=now):
        pass


@pytest.mark.django_db
class TestKeeping:
    def test_a_notice_twice_is_one_mail(self, box: Box) -> None:
        key = box.put("m1")
        for _ in range(2):
            actions.receive_notice(notice(key, store=box.inbox.store), now=NOON)
            take_all(NOON)

        mail = IncomingMail.objects.get()
        assert (mail.state, mail.subject, mail.message_id) == ("kept", "Grüße", "<1@example.com>")
        assert (mail.sender, mail.size) == ("Rachel <rachel@example.com>", len(RAW))
        assert mail.notice["receipt"]["dkimVerdict"] == {"status": "GRAY"}
        facts = journal.history(events.subject_of(mail.pk), limit=9)
        assert [fact.name for fact in facts] == ["mail.received"]

    def test_what_no_database_takes_keeps_no_mail_away(self, box: Box) -> None:
        told = notice(box.put("m1", b"Subject: a\0b\n\nx\0y"), store=box.inbox.store)
        told["mail"]["commonHeaders"]["subject"] = "a\0b \ud800"
        told["mail"]["source"] = "a\0b@example.com"
        actions.receive_notice(told, now=NOON)
        take_all(NOON)

        mail = IncomingMail.objects.get()
        assert mail.state == "kept"
        assert "\0" not in mail.subject + mail.envelope_from + str(mail.notice)

    def test_a_lost_notice_costs_time_and_no_mail(
        self, box: Box, capsys: pytest.CaptureFixture[str]
    ) -> None:
        box.put("m1")
        call_command("find_mail")
        call_command("find_mail")
        tasks.take_waiting()

        mail = IncomingMail.objects.get()
        assert (mail.state, mail.notice, mail.subject) == ("kept", {}, "Grüße")
        assert capsys.readouterr().out.split()[0] == "1"

    def test_a_heap_is_read_in_turns_of_some_time(
        self, box: Box, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A job that reads on until all is read would end at its limit, in the middle of one."""
        for number in range(3):
            box.put(f"m{number}")
        call_command("find_mail")
        monkeypatch.setattr(tasks, "spell", lambda: iter([None, None]))
        tasks.take_waiting()

        assert IncomingMail.objects.filter(state="kept").count() == 2
        tasks.take_waiting()
        assert IncomingMail.objects.filter(state="kept").count() == 3

    def test_a_notice_that_comes_after_all_is_kept_too(self, box: Box) -> None:
        key = box.put("m1")
        actions.enter_unannounced(now=NOON)
        take_all(NOON)
        actions.receive_notice(notice(key, store=box.inbox.store), now=later())

        mail = IncomingMail.objects.get()
        assert (mail.state, mail.envelope_from, mail.spam) == ("kept", "rachel@example.com", "PASS")

    def test_one_that_can_not_be_read_yet_waits(self, box: Box) -> None:
        actions.receive_notice(notice("m1.eml", store=box.inbox.store), now=NOON)
        take_all(NOON)
        mail = IncomingMail.objects.get()
        waiting = (mail.state, mail.attempts, mail.due_at)

        IncomingMail.objects.update(key=box.put("m1"))
        take_all(later(2))

        assert waiting == ("received", 1, later())
        assert mail.error
        mail.refresh_from_db()
        assert (mail.state, mail.error) == ("kept", "")

    def test_of_a_person_is_forgotten_with_them(self, cast: Cast, box: Box) -> None:
        key = box.put("m1")
        actions.receive_notice(notice(key, store=box.inbox.store), now=NOON)
        take_all(NOON)

        anonymise_person(user=cast.rachel, actor=cast.actor(cast.ada), now=later())

        assert not IncomingMail.objects.exists()
        assert list(box.inbox.walk()) == []


@pytest.mark.django_db
class TestReplaying:
    @pytest.fixture
    def mail(self, box: Box) -> IncomingMail:
        box.put("m1")
        actions.enter_unannounced(now=NOON)
        take_all(NOON)
        return IncomingMail.objects.get()

    def test_changes_nothing_but_that_it_was_done(self, cast: Cast, mail: IncomingMail) -> None:
        fields = ("subject", "sender", "message_id", "size")
        before = IncomingMail.objects.values(*fields).get()
        for _ in range(2):
            actions.replay(mail=mail, actor=cast.actor(cast.ada), now=later())

        assert IncomingMail.objects.values(*fields).get() == before
        mail.refresh_from_db()
        assert (mail.state, mail.replayed_at) == ("replayed", later())
        facts = journal.history(events.subject_of(mail.pk), limit=9)
        assert [fact.name for fact in facts].count("mail.received") == 1

    def test_is_refused_to_agents(self, cast: Cast, mail: IncomingMail) -> None:
        with pytest.raises(ForbiddenError):
            actions.replay(mail=mail, actor=cast.actor(cast.alice), now=later())

    def test_is_offered_to_administrators(self, cast: Cast, mail: IncomingMail) -> None:
        client = Client()
        client.force_login(cast.ada)

        client.post(
            "/admin/mail/incomingmail/", {"action": "replay", "_selected_action": [mail.pk]}
        )

        mail.refresh_from_db()
        assert mail.state == "replayed"


@pytest.mark.django_db
class TestPages:
    def test_show_the_mail_and_run_nothing_of_it(self, cast: Cast, box: Box) -> None:
        box.put("m1")
        actions.enter_unannounced(now=NOON)
        take_all(NOON)
        mail, client = IncomingMail.objects.get(), Client()
        client.force_login(cast.ada)
        at = f"/admin/mail/incomingmail/{mail.pk}"

        listed, page = client.get("/admin/mail/incomingmail/"), client.get(f"{at}/change/")
        part, source = client.get(f"{at}/html/"), client.get(f"{at}/source/")

        assert "Grüße" in listed.content.decode()
        assert "&lt;1@example.com&gt;" in page.content.decode()
        assert "alert(1)" not in page.content.decode()
        assert "alert(1)" in part.content.decode()
        assert part["Content-Security-Policy"].startswith("sandbox allow-popups")
        assert "script-src" not in part["Content-Security-Policy"]
        assert source.content == RAW
        assert source["Content-Disposition"] == f'attachment; filename="mail-{mail.pk}.eml"'

    def test_say_when_the_mail_can_not_be_had(self, cast: Cast, box: Box) -> None:
        actions.receive_notice(notice("gone.eml", store=box.inbox.store), now=NOON)
        client = Client()
        client.force_login(cast.ada)

        page = client.get(f"/admin/mail/incomingmail/{IncomingMail.objects.get().pk}/change/")

        assert page.status_code == 200
        assert "not where it was kept" in page.content.decode()


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda t: f"Subject: {t}\n\nx".encode()))
def test_whatever_was_sent_something_is_shown(raw: bytes) -> None:
    told = reading.shown(raw)

    assert "\0" not in told.subject + told.text + "".join(map(str, told.headers))


@pytest.mark.django_db
def test_what_ses_stores_reaches_the_workers_queue_with_its_notice(aws: dict[str, str]) -> None:
    """By the real topic and subscription of infra/messaging.yaml."""
    stacks.apply("messaging", stage="local", parameters={})
    bucket = stacks.output("messaging", "InboxBucket", stage="local")
    topic = stacks.output("messaging", "MailArrivedTopic", stage="local")
    queue = stacks.output("messaging", "WorkerQueueUrl", stage="local")
    boto3.client("s3").put_object(Bucket=bucket, Key=f"{PREFIX}m1", Body=RAW)
    boto3.client("sns").publish(TopicArn=topic, Message=json.dumps(notice(store=bucket)))

    (message,) = boto3.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    with inbox.override(inbox.build(f"ses://desk?inbox={bucket}")):
        actions.receive_notice(json.loads(message["Body"]), now=NOON)
        take_all(NOON)

    assert IncomingMail.objects.get().subject == "Grüße"


def test_the_template_puts_mail_where_the_desk_looks_for_it() -> None:
    template = (stacks.INFRA / "messaging.yaml").read_text()

    assert f"ObjectKeyPrefix: {PREFIX}\n" in template
    assert f"${{Inbox.Arn}}/{PREFIX}*" in template
