"""Mail that came in: kept as it came, noted once, found when its notice was lost."""

from __future__ import annotations

import json
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import boto3
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from cfnlint.decode import cfn_yaml
from django.core.management import call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.events import journal
from apps.kernel.errors import ForbiddenError
from apps.mail import actions, events, reading, tasks
from apps.mail.inbox import InboxAwayError, KeptElsewhereError, RawMissingError, inbox
from apps.mail.inbox.s3 import PREFIX
from apps.mail.models import IncomingMail
from apps.mail.notices import UnreadableError, arrival_in
from deploy import stacks
from tests.cast import Cast
from tests.mail.boxes import BUCKET, RAW, Box, FolderBox, later, notice, take_all
from tests.support import NOON


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
        key, other = box.put("a"), box.put("ab")
        box.put("a", b"newer")
        before = box.everything()

        box.inbox.erase(key)

        assert {name for name, _ in before} == {key, other}
        assert box.everything() == [(other, RAW)]

    def test_says_when_it_can_not_be_reached(self, box: Box) -> None:
        key = box.put("a")

        with box.away():
            with pytest.raises(InboxAwayError):
                box.inbox.read(key)
            with pytest.raises(InboxAwayError):
                list(box.inbox.walk())
        assert box.inbox.read(key) == RAW

    def test_proves_itself_and_leaves_nothing(self, box: Box) -> None:
        before = box.everything()

        assert "wrote, read and deleted" in box.inbox.prove()

        assert box.everything() == before
        with box.away(), pytest.raises(InboxAwayError):
            box.inbox.prove()

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

    def test_waits_for_a_store_that_is_away(self, box: Box) -> None:
        key = box.put("m1")
        actions.receive_notice(notice(key, store=box.inbox.store), now=NOON)
        with box.away():
            take_all(NOON)
        mail = IncomingMail.objects.get()
        waiting = (mail.state, mail.attempts, mail.due_at)

        take_all(later(2))

        assert waiting == ("received", 1, later())
        assert mail.error
        mail.refresh_from_db()
        assert (mail.state, mail.error) == ("kept", "")

    def test_a_store_that_is_away_is_asked_for_one_mail_and_not_for_each(self, box: Box) -> None:
        for name in ("m1", "m2", "m3"):
            actions.receive_notice(notice(box.put(name), store=box.inbox.store), now=NOON)

        with box.away():
            take_all(NOON)

        tried = IncomingMail.objects.values_list("attempts", flat=True)
        assert sorted(tried) == [0, 0, 1]

    def test_a_store_that_is_away_when_it_is_looked_at_fails_no_job(self, box: Box) -> None:
        box.put("m1")

        with box.away():
            tasks.take_waiting()
            tasks.find_unannounced()
        tasks.find_unannounced()

        assert IncomingMail.objects.count() == 1

    @pytest.mark.parametrize("attempts", [7, 41, 2_000_000])
    def test_however_often_it_was_tried_it_waits_an_hour_and_holds_nobody_up(
        self, box: Box, attempts: int
    ) -> None:
        actions.receive_notice(notice(box.put("m1"), store=box.inbox.store), now=NOON)
        first = IncomingMail.objects.get()
        IncomingMail.objects.update(attempts=attempts)
        with box.away():
            take_all(NOON)
        actions.receive_notice(notice(box.put("m2"), store=box.inbox.store), now=NOON)
        take_all(NOON)

        first.refresh_from_db()
        assert (first.state, first.due_at) == ("received", later(60))
        assert IncomingMail.objects.exclude(pk=first.pk).get().state == "kept"

    def test_one_that_is_not_there_is_missing_until_somebody_puts_it_back(self, box: Box) -> None:
        key = box.put("m1")
        box.inbox.erase(key)
        actions.receive_notice(notice(key, store=box.inbox.store), now=NOON)
        take_all(NOON)
        mail = IncomingMail.objects.get()
        missing = mail.state

        box.put("m1")
        actions.enter_unannounced(now=later())
        take_all(later())

        assert (missing, mail.attempts) == ("missing", 1)
        assert "not where it was kept" in mail.error
        mail.refresh_from_db()
        assert (mail.state, mail.error, mail.subject) == ("kept", "", "Grüße")
        facts = journal.history(events.subject_of(mail.pk), limit=9)
        assert [fact.name for fact in facts] == ["mail.received"]

    def test_one_that_is_kept_elsewhere_is_not_looked_for_here(self, box: Box) -> None:
        key = box.put("m1", b"Subject: somebody else's\n\nx")
        actions.receive_notice(notice(key, store="the-old-inbox"), now=NOON)
        take_all(NOON)

        mail = IncomingMail.objects.get()
        assert (mail.state, mail.attempts, mail.subject) == ("received", 0, "")


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

    def test_of_one_that_is_kept_elsewhere_says_so(self, cast: Cast, mail: IncomingMail) -> None:
        IncomingMail.objects.update(store="the-old-inbox")
        mail.refresh_from_db()

        with pytest.raises(KeptElsewhereError):
            actions.replay(mail=mail, actor=cast.actor(cast.ada), now=later())

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

    @pytest.mark.parametrize(
        ("store", "told"), [("", "not where it was kept"), ("the-old-inbox", "no longer leads")]
    )
    def test_say_when_the_mail_can_not_be_had(
        self, cast: Cast, box: Box, store: str, told: str
    ) -> None:
        actions.receive_notice(notice("gone.eml", store=store or box.inbox.store), now=NOON)
        take_all(NOON)
        client = Client()
        client.force_login(cast.ada)
        at = f"/admin/mail/incomingmail/{IncomingMail.objects.get().pk}"

        page, source = client.get(f"{at}/change/"), client.get(f"{at}/source/")
        missing = client.get("/admin/mail/incomingmail/?state__exact=missing").content.decode()

        assert page.status_code == 200
        assert told in page.content.decode()
        assert source.status_code == 404
        assert (f"{at}/change/" in missing) == (not store)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How long each value is that the library is given to parse."""
    lengths: list[int] = []
    parse = HeaderRegistry.__call__

    def counting(self: HeaderRegistry, name: str, value: str) -> Any:
        lengths.append(len(value))
        return parse(self, name, value)

    monkeypatch.setattr(HeaderRegistry, "__call__", counting)
    return lengths


MANY = b"X-Many: b\r\n" * 300
MIXED = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
QUOTES = b"Content-Type: a%d/b; c=" + b'"' * 1900 + b"\r\n\r\n"
HOSTILE = {
    "headers": MANY + RAW,
    "a long header": b"Content-Type: " + b'"' * 100_000 + b"\r\n" + RAW,
    "a long sender": b"From: " + b"a@b," * 30_000 + b"\r\n" + RAW,
    "parts": b"From: a@b\r\n" + MIXED % (0, 0) + b"--b0\r\n".join(QUOTES % n for n in range(300)),
    "depth": b"From: a@b\r\n" + b"".join(MIXED % (n, n) for n in range(3000)),
}


class TestHostileMail:
    """What took minutes of work, and kept other people's mail waiting, for a few kilobytes."""

    @pytest.mark.parametrize("kind", HOSTILE)
    def test_is_taken_in_by_four_headers(self, kind: str, parsed: list[int]) -> None:
        told = reading.head(HOSTILE[kind])

        assert told.sender
        assert len(parsed) == 4
        assert max(parsed) <= reading.LONGEST_HEADER

    @pytest.mark.parametrize("kind", HOSTILE)
    def test_is_shown_with_bounded_work(self, kind: str, parsed: list[int]) -> None:
        told = reading.shown(HOSTILE[kind])

        assert told.head.sender
        assert len(told.headers) <= reading.MOST_HEADERS
        assert len(parsed) < 1_000
        assert max(parsed) <= reading.LONGEST_HEADER
        assert sum(parsed) < reading.HEADER_WORK + 10 * reading.LONGEST_HEADER

    @pytest.mark.django_db
    def test_has_a_page_like_any_other(self, cast: Cast, box: Box, parsed: list[int]) -> None:
        box.put("m1", HOSTILE["headers"])
        actions.enter_unannounced(now=NOON)
        take_all(NOON)
        client = Client()
        client.force_login(cast.ada)

        page = client.get(f"/admin/mail/incomingmail/{IncomingMail.objects.get().pk}/change/")

        assert page.content.count(b"X-Many") == reading.MOST_HEADERS
        assert len(parsed) < 300

    def test_of_many_parts_names_the_first(self) -> None:
        part = b"--a\r\nContent-Type: image/png\r\n\r\nx\r\n"
        raw = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + part * 3000

        assert reading.shown(raw).attachments == ("image/png",) * reading.MOST_PARTS

    def test_does_not_swallow_the_end_of_the_job(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def late(self: object, kind: object) -> None:
            raise SoftTimeLimitExceeded

        monkeypatch.setattr(EmailMessage, "get_body", late)

        with pytest.raises(SoftTimeLimitExceeded):
            reading.shown(RAW)


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda t: f"Subject: {t}\n\nx".encode()))
def test_whatever_was_sent_something_is_shown(raw: bytes) -> None:
    told = reading.shown(raw)

    assert "\0" not in told.head.subject + told.text + "".join(map(str, told.headers))


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


def test_the_inbox_keeps_mail_for_so_long_and_takes_no_open_connection() -> None:
    """As the template says it: the local AWS keeps no such rules of a bucket."""
    template = cfn_yaml.load(str(stacks.INFRA / "messaging.yaml"))
    resources = template["Resources"]
    rules = resources["Inbox"]["Properties"]["LifecycleConfiguration"]["Rules"]
    statements = resources["InboxPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    refusals = [one["Fn::If"][2] for one in statements if "Fn::If" in one]

    assert template["Parameters"]["MailDays"]["Default"] == 400
    assert [rule.get("ExpirationInDays") for rule in rules] == [{"Ref": "MailDays"}, None]
    assert [one["Condition"] for one in refusals] == [{"Bool": {"aws:SecureTransport": "false"}}]
