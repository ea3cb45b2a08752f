"""The doctor: what is well, what is not and where to look, and that nothing is left behind."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.cache import caches
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from apps.events import relay
from apps.events.stream import Record, Stream, stream
from apps.events.stream.coding import encode
from apps.events.stream.sending import send_due
from apps.insights.reducing import reduce
from apps.mail.inbox import inbox
from apps.notifications.carrying import carrier
from apps.ops import doctor
from apps.ops.doctor import (
    Ailment,
    Finding,
    Probe,
    actions,
    carrying,
    examine,
    keeping,
    look,
    safety,
    serving,
)
from apps.ops.doctor.table import PROBES
from apps.ops.models import ChoreRun
from apps.ops.models import Probe as Mark
from apps.ops.publish import mark_of
from tests.buckets import new_bucket
from tests.cast import make_cast
from tests.events.streams import everything, fact, streaming
from tests.support import transactional

__all__ = ["streaming"]


def a_probe(prove: Any, name: str = "one") -> Probe:
    return Probe(name=name, title="One", variable="ONE_URL", next_step="Do it.", prove=prove)


def raises(error: Exception) -> str:
    raise error


def told(finding: Finding) -> tuple[bool, str]:
    return finding.is_well, finding.said


class TestLooking:
    def test_says_what_was_done(self) -> None:
        finding = look(a_probe(lambda: "did it"))

        assert told(finding) == (True, "did it")
        assert (finding.variable, finding.next_step) == ("", "")
        assert finding.milliseconds >= 0

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (Ailment("it is\n cold"), "it is cold"),
            (ConnectionRefusedError("no  such\nserver"), "ConnectionRefusedError: no such server"),
            (TimeoutError(), "TimeoutError"),
        ],
    )
    def test_says_what_went_wrong_in_one_line_and_where_to_look(
        self, error: Exception, said: str
    ) -> None:
        finding = look(a_probe(lambda: raises(error)))

        assert told(finding) == (False, said)
        assert (finding.variable, finding.next_step) == ("ONE_URL", "Do it.")

    def test_waits_for_nobody_for_ever(self) -> None:
        over = threading.Event()
        slow = a_probe(lambda: str(over.wait(60)), "slow")

        findings = examine([slow, a_probe(lambda: "quick", "quick")], patience=0.5)
        over.set()

        assert [(one.name, one.is_well) for one in findings] == [("slow", False), ("quick", True)]
        assert "longer than" in findings[0].said


@contextmanager
def a_relay() -> Iterator[None]:
    """A relay, with its thread for the stream in the same."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.02):
            for claim in relay.claim_due(now=timezone.now()):
                relay.deliver(claim)
            send_due(now=timezone.now())
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def left_behind() -> tuple[int, int, list[str]]:
    files = [str(path) for path in Path(default_storage.location).rglob("*") if path.is_file()]  # type: ignore[attr-defined]
    return Mark.objects.count(), ChoreRun.objects.count(), files


@pytest.mark.django_db
class TestEachProbe:
    @pytest.mark.parametrize("name", ["migrations", "cache", "files", "search", "disk"])
    def test_is_well_on_an_embedded_desk_and_leaves_nothing(self, name: str, outbox: Path) -> None:
        (probe,) = (probe for probe in PROBES if probe.name == name)

        finding = look(probe)

        assert finding.is_well, finding.said
        assert left_behind() == (0, 0, [])

    def test_mail_in_a_folder(self, outbox: Path) -> None:
        with carrier.override(carrier.build("folder:/x")):
            assert str(outbox) in carrying.mail_out()

        assert list(outbox.iterdir()) == []

    def test_mail_that_came_in(self, tmp_path: Path, settings: Any) -> None:
        settings.INBOX_FOLDER = tmp_path
        with inbox.override(inbox.build("folder:/x")):
            said = carrying.mail_in()

        assert f"wrote, read and deleted a file in {tmp_path}" in said
        assert list(tmp_path.iterdir()) == []

    def test_a_migration_that_is_missing_is_named(self) -> None:
        MigrationRecorder.Migration.objects.filter(app="search", name="0002_full_text").delete()

        with pytest.raises(Ailment, match=r"search\.0002_full_text"):
            keeping.migrations()

    def test_a_cache_that_forgets_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(caches["shared"], "get", lambda _key: None)

        with pytest.raises(Ailment, match="shared"):
            keeping.cache()

    def test_a_full_disk(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(keeping, "LEAST_FREE", 2**80)

        with pytest.raises(Ailment, match="MB are left"):
            keeping.disk()

    @pytest.mark.parametrize("key", ["", "short", "a" * 60, "django-insecure-" + "abcdefghij" * 5])
    def test_a_weak_key(self, key: str, settings: Any) -> None:
        if key:
            settings.SECRET_KEY = key
            with pytest.raises(Ailment):
                safety.secret_key()


@contextmanager
def a_network(bucket: str) -> Iterator[str]:
    """What answers whoever asks, out of a bucket: it forbids what isn't there, as S3 does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            client = boto3.client("s3")
            try:
                body = client.get_object(Bucket=bucket, Key=self.path[1:])["Body"].read()
            except client.exceptions.NoSuchKey:
                self.send_error(403)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class TestStaticFiles:
    @pytest.fixture
    def build(self, tmp_path: Path, settings: Any) -> Path:
        (tmp_path / "css").mkdir()
        (tmp_path / "css" / "tokens.0123456789ab.css").write_bytes(b"a {}")
        paths = {"css/tokens.css": "css/tokens.0123456789ab.css"}
        (tmp_path / "staticfiles.json").write_text(json.dumps({"paths": paths}))
        settings.STATIC_ROOT, settings.ASSETS_BUCKET = tmp_path, None
        return tmp_path

    @pytest.fixture
    def bucket(self, aws: dict[str, str], build: Path, settings: Any) -> Iterator[str]:
        name = new_bucket()
        settings.ASSETS_BUCKET = (name, "")
        settings.ORIGIN_SECRET = "a secret of the edge"
        with a_network(name) as settings.SITE_URL:
            yield name

    def test_that_the_web_processes_have(self, build: Path) -> None:
        assert serving.assets() == "the web processes have all 1 of this build"

    def test_that_nobody_collected_or_that_went(self, build: Path) -> None:
        (build / "css" / "tokens.0123456789ab.css").unlink()
        with pytest.raises(Ailment, match=r"1 is missing: css/tokens\.0123456789ab\.css"):
            serving.assets()

        (build / "staticfiles.json").unlink()
        with pytest.raises(Ailment, match="none were collected"):
            serving.assets()

    def test_that_were_sent(self, bucket: str) -> None:
        call_command("assets", verbosity=0)

        assert serving.assets() == (
            "read one at its public address, and all 1 of this build were sent"
        )

    def test_of_a_build_that_was_not_sent(self, bucket: str, build: Path) -> None:
        call_command("assets", verbosity=0)
        paths = {"css/tokens.css": "css/tokens.0123456789ab.css", "js/x.js": "js/x.1.js"}
        (build / "js").mkdir()
        (build / "js" / "x.1.js").write_bytes(b"1")
        (build / "staticfiles.json").write_text(json.dumps({"paths": paths}))

        with pytest.raises(Ailment, match="not all of this build were sent: staticfiles"):
            serving.assets()

    def test_that_are_not_there_or_others(self, bucket: str) -> None:
        with pytest.raises(Ailment, match="is not at its public address"):
            serving.assets()

        boto3.client("s3").put_object(
            Bucket=bucket, Key="static/css/tokens.0123456789ab.css", Body=b"b {}"
        )
        with pytest.raises(Ailment, match="reads otherwise"):
            serving.assets()

    def test_that_nothing_takes_from_the_bucket_yet(self, bucket: str, settings: Any) -> None:
        """Web processes answer: they have the files, and no mark."""
        call_command("assets", verbosity=0)
        settings.ORIGIN_SECRET = ""
        key = f"static/{mark_of((settings.STATIC_ROOT / 'staticfiles.json').read_bytes())}"
        boto3.client("s3").delete_object(Bucket=bucket, Key=key)

        assert "nothing takes them from the bucket yet" in serving.assets()


class TestTheSite:
    @pytest.fixture(autouse=True)
    def served(self, settings: Any) -> Any:
        settings.SITE_URL, settings.SITE_HOST = "https://desk.example.com", "desk.example.com"
        settings.ALLOWED_HOSTS = ["desk.example.com"]
        settings.SECURE_SSL_REDIRECT = True
        settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
        settings.SECURE_HSTS_SECONDS = 3600
        settings.SECRET_KEY = "k3y-" + "abcdefghijklmnopqrstuvwxyz0123456789" * 2

    def test_over_https_is_well(self) -> None:
        assert "HTTPS" in safety.site()

    def test_without_https_is_not(self, settings: Any) -> None:
        settings.SITE_URL = "http://desk.example.com"

        with pytest.raises(Ailment, match="HTTPS"):
            safety.site()

    def test_on_this_machine_alone_needs_none(self, settings: Any) -> None:
        settings.SITE_URL, settings.SITE_HOST = "http://localhost:8000", "localhost"
        settings.ALLOWED_HOSTS = ["localhost"]

        assert "this machine alone" in safety.site()

    def test_that_the_desk_does_not_answer_to_is_not_well(self, settings: Any) -> None:
        settings.ALLOWED_HOSTS = ["other.example.com"]

        with pytest.raises(Ailment, match="ALLOWED_HOSTS"):
            safety.site()

    def test_with_a_cookie_that_travels_open_is_not_well(self, settings: Any) -> None:
        settings.SESSION_COOKIE_SECURE = False

        with pytest.raises(Ailment, match="SESSION_COOKIE_SECURE"):
            safety.site()


@pytest.mark.django_db
class TestTheClock:
    def test_goes_with_aws(self, aws: dict[str, str]) -> None:
        assert "AWS" in safety.clock()

    def test_that_differs_is_found(self, aws: dict[str, str], monkeypatch: Any) -> None:
        monkeypatch.setattr(safety, "MOST_SKEW", -1)

        with pytest.raises(Ailment, match="clocks differ: "):
            safety.clock()


@transactional
class TestWhatIsCarried:
    def test_facts_are_heard(self) -> None:
        with a_relay():
            said = carrying.facts()

        assert "heard it" in said
        assert not Mark.objects.exists()

    def test_the_stream_has_what_the_relay_brings(
        self, streaming: Stream, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(carrying, "STREAM_LOOK", 0.05)
        with a_relay():
            said = carrying.streaming()

        assert "recorded a fact, and read it" in said
        assert not Mark.objects.exists()

    def test_its_fact_is_one_that_all_readers_pass_over(self, streaming: Stream) -> None:
        told = actions.tell(now=timezone.now())
        send_due(now=timezone.now())

        events = everything(streaming)

        assert [(event.name, event.subject) for event in events] == [
            ("desk.examined", f"probe:{told}")
        ]
        assert reduce(events) == {}

    def test_a_stream_to_which_nobody_brings_anything(
        self, streaming: Stream, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(carrying, "WAIT", 0.1)
        monkeypatch.setattr(carrying, "STREAM_LOOK", 0.05)
        other = fact(7)  # somebody else's, a moment ago
        streaming.put([Record(other.subject, encode(other))])

        with pytest.raises(Ailment, match="no relay brought a fact there"):
            carrying.streaming()
        assert not Mark.objects.exists()

    def test_a_stream_that_is_not_there(self, aws: dict[str, str]) -> None:
        with stream.override(stream.build("kinesis://nowhere")):
            finding = look(next(probe for probe in PROBES if probe.name == "stream"))

        assert not finding.is_well
        assert finding.said.startswith("StreamAwayError")
        assert finding.variable == "STREAM_URL"

    def test_facts_that_nobody_hears(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(carrying, "WAIT", 0.1)

        with pytest.raises(Ailment, match="no subscriber heard"):
            carrying.facts()
        assert not Mark.objects.exists()

    def test_one_that_is_heard_too_late_leaves_no_trace(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(carrying, "WAIT", 0.1)
        with pytest.raises(Ailment):
            carrying.facts()

        for claim in relay.claim_due(now=timezone.now()):
            assert relay.deliver(claim)

        assert not Mark.objects.exists()

    def test_a_row_is_written_and_taken_back(self) -> None:
        assert "took it back" in keeping.database()
        assert not ChoreRun.objects.exists()


def only(monkeypatch: pytest.MonkeyPatch, *probes: Probe) -> None:
    for module in ("apps.ops.management.commands.doctor", "apps.ops.doctor.page"):
        monkeypatch.setattr(f"{module}.PROBES", probes)


class TestTheCommand:
    def test_prints_a_line_each_and_fails_when_one_does(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ill = a_probe(lambda: raises(Ailment("it is cold")), "ill")
        only(monkeypatch, a_probe(lambda: "did it", "well"), ill)

        with pytest.raises(CommandError, match="1 of 2 failed: ill"):
            call_command("doctor")

        first, second, third = capsys.readouterr().out.splitlines()
        assert first.startswith("✓ One: did it (")
        assert second.startswith("✗ One: it is cold (")
        assert third.strip() == "Look at ONE_URL. Do it."

    def test_for_programs(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        only(monkeypatch, a_probe(lambda: raises(Ailment("it is cold")), "ill"))

        with pytest.raises(SystemExit) as ended:
            call_command("doctor", "--json")

        (finding,) = json.loads(capsys.readouterr().out)
        assert ended.value.code == 1
        assert (finding["name"], finding["is_well"], finding["said"]) == (
            "ill",
            False,
            "it is cold",
        )

    def test_is_content_when_all_is_well(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        only(monkeypatch, a_probe(lambda: "did it"))

        call_command("doctor")

        assert capsys.readouterr().out.count("✓") == 1


@transactional
class TestThePage:
    def test_looks_only_when_it_is_asked_to(self, monkeypatch: pytest.MonkeyPatch) -> None:
        cast = make_cast()
        looked: list[int] = []

        def prove() -> str:
            looked.append(1)
            return "did it"

        only(monkeypatch, a_probe(prove))
        client = Client()
        client.force_login(cast.ada)

        shown = client.get("/admin/doctor/")
        before = list(looked)
        found = client.post("/admin/doctor/")

        assert "ONE_URL" in shown.content.decode()
        assert (before, looked) == ([], [1])
        assert "did it" in found.content.decode()

    def test_says_what_fails_and_where_to_look(self, monkeypatch: pytest.MonkeyPatch) -> None:
        cast = make_cast()
        only(monkeypatch, a_probe(lambda: raises(Ailment("it is <cold>"))))
        client = Client()
        client.force_login(cast.ada)

        found = client.post("/admin/doctor/").content.decode()

        assert "it is &lt;cold&gt;" in found
        assert "ONE_URL" in found


def test_each_probe_says_where_to_look() -> None:
    assert len({probe.name for probe in PROBES}) == len(PROBES)
    assert all(probe.variable.isupper() and str(probe.next_step) for probe in PROBES)
    assert doctor.PATIENCE > carrying.WAIT
