"""The worker tier's page: who may ask, what is taken, and what ends among the dead letters."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apps.events import inbox
from apps.events.inbox import MessageRefusedError, receive, receives
from apps.ops import chores
from apps.ops.broker.queue import LeaseQueue
from apps.ops.chores import CHORES, cron_yaml
from apps.ops.models import ChoreRun
from deploy.sqsd import SCHEDULED, Task, tasks_of
from tests.e2e.desk import Desk
from tests.events.facts import heard_by
from tests.events.test_bus import effects, note, ring
from tests.ops.test_chores import jobs  # noqa: F401 - a fixture
from tests.support import transactional
from tests.worker_tier import Tier

ROOT = Path(__file__).resolve().parents[2]
SQSD = {"x-aws-sqsd-msgid": "m-1", "x-aws-sqsd-queue": "worker"}
CLAIMS = json.dumps({"kind": "claims", "version": 1, "event": 1, "claims": []})


@pytest.fixture
def worker(db: None, settings: Any) -> Client:
    settings.ROOT_URLCONF = "project.worker_urls"
    return Client(enforce_csrf_checks=True)


def post(
    worker: Client, body: str = CLAIMS, meta: dict[str, str] | None = None, **said: str
) -> int:
    headers = {**SQSD, **{name.replace("_", "-"): value for name, value in said.items()}}
    answer = worker.post(
        "/worker/",
        body,
        content_type="application/json",
        headers=headers,
        **(meta or {"REMOTE_ADDR": "127.0.0.1"}),  # type: ignore[arg-type]
    )
    return answer.status_code


def test_a_message_of_this_machines_poster_is_taken(worker: Client) -> None:
    assert post(worker) == 200


def test_nginx_in_between_says_the_same_address(worker: Client) -> None:
    assert post(worker, x_forwarded_for="127.0.0.1", x_real_ip="127.0.0.1") == 200
    assert post(worker, meta={"REMOTE_ADDR": "::1"}) == 200


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ({"REMOTE_ADDR": "10.0.0.7"}, {}),
        ({"REMOTE_ADDR": ""}, {}),
        ({"REMOTE_ADDR": "127.0.0.1.example.com"}, {}),
        ({"REMOTE_ADDR": "127.0.0.1"}, {"x_forwarded_for": "203.0.113.9"}),
        ({"REMOTE_ADDR": "127.0.0.1"}, {"x_forwarded_for": "127.0.0.1, 203.0.113.9"}),
        ({"REMOTE_ADDR": "127.0.0.1"}, {"x_forwarded_for": "203.0.113.9, 127.0.0.1"}),
        ({"REMOTE_ADDR": "127.0.0.1"}, {"x_forwarded_for": ""}),
        ({"REMOTE_ADDR": "127.0.0.1"}, {"x_real_ip": "203.0.113.9"}),
        ({"REMOTE_ADDR": "127.0.0.1"}, {"forwarded": "for=127.0.0.1"}),
        ({"REMOTE_ADDR": "127.0.0.1"}, {"via": "1.1 edge"}),
        ({"REMOTE_ADDR": "127.0.0.1"}, {"x_forwarded_host": "desk.example.com"}),
    ],
)
def test_whoever_comes_from_elsewhere_is_refused(
    worker: Client, meta: dict[str, str], said: dict[str, str]
) -> None:
    assert post(worker, meta=meta, **said) == 403


def test_what_is_no_message_of_a_queue_is_refused(worker: Client) -> None:
    local = {"REMOTE_ADDR": "127.0.0.1"}

    assert worker.post("/worker/", "{}", "application/json", **local).status_code == 400  # type: ignore[arg-type]
    assert worker.get("/worker/", **local).status_code == 405  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not JSON",
        "[1]",
        "{}",
        '{"kind": "pigeon"}',
        '{"kind": 7}',
        '{"kind": "claims", "version": 2, "claims": []}',
        '{"kind": "claims", "version": 1}',
        '{"kind": "claims", "version": 1, "claims": [{"delivery": "x", "seen": 0}]}',
    ],
)
def test_an_unknown_message_is_not_taken(worker: Client, body: str) -> None:
    assert post(worker, body) == 400


@pytest.mark.django_db
def test_elsewhere_there_is_no_such_page() -> None:
    answer = Client().post("/worker/", CLAIMS, "application/json", headers=SQSD)

    assert answer.status_code == 404


def test_behind_https_the_poster_is_not_redirected(worker: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True

    assert post(worker) == 200
    assert worker.get("/").status_code == 301


class TestKinds:
    @pytest.fixture(autouse=True)
    def own_receivers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(inbox, "_receivers", {})

    @pytest.mark.parametrize(
        "message",
        [
            {"kind": "one"},
            {"notificationType": "Received", "mail": {}},
            {"eventType": "Bounce", "mail": {}},
        ],
    )
    def test_are_named_by_what_messages_say_of_themselves(self, message: dict[str, Any]) -> None:
        heard: list[inbox.Message] = []
        receives("kind:one", "notificationType:Received", "eventType:Bounce")(heard.append)

        receive(message)

        assert heard == [message]

    def test_have_one_receiver_each(self) -> None:
        receives("kind:one")(print)

        with pytest.raises(TypeError, match="already"):
            receives("kind:one")(repr)  # type: ignore[arg-type]

    def test_that_nobody_receives_are_refused(self) -> None:
        with pytest.raises(MessageRefusedError, match="kind:one"):
            receive({"kind": "one"})


class TestChores:
    NAME = CHORES[0].name

    def test_run_when_cron_says_so_and_they_are_due(
        self,
        worker: Client,
        jobs: LeaseQueue,  # noqa: F811
    ) -> None:
        ChoreRun.objects.create(name=self.NAME, due_at=timezone.now() - timedelta(seconds=1))

        assert post(worker, SCHEDULED, x_aws_sqsd_taskname=self.NAME) == 200
        assert post(worker, SCHEDULED, x_aws_sqsd_taskname=self.NAME) == 200

        claim = jobs.claim("mail")
        assert claim is not None
        assert json.loads(claim.body)["headers"]["task"] == CHORES[0].task
        assert jobs.size("mail") == 1

    def test_that_a_relay_ran_do_not_run_again(
        self,
        worker: Client,
        jobs: LeaseQueue,  # noqa: F811
    ) -> None:
        ChoreRun.objects.create(name=self.NAME, due_at=timezone.now() - timedelta(seconds=1))
        chores.tick(now=timezone.now(), chores=CHORES[:1])

        assert post(worker, SCHEDULED, x_aws_sqsd_taskname=self.NAME) == 200

        assert jobs.size("mail") == 1

    def test_of_another_release_are_refused(self, worker: Client) -> None:
        assert post(worker, SCHEDULED, x_aws_sqsd_taskname="feed-walrus") == 400


class TestCronYaml:
    def test_is_what_the_table_says(self) -> None:
        call_command("chores", "--check")
        read = yaml.safe_load((ROOT / "cron.yaml").read_text())

        assert read["version"] == 1
        assert {(line["name"], line["schedule"]) for line in read["cron"]} == {
            (chore.name, chore.schedule) for chore in CHORES
        }
        assert len({line["name"] for line in read["cron"]}) == len(read["cron"])
        assert {line["url"] for line in read["cron"]} == {"/worker/"}

    def test_that_differs_is_found(self, settings: Any, tmp_path: Path) -> None:
        settings.BASE_DIR = tmp_path

        with pytest.raises(CommandError, match="chores --write"):
            call_command("chores", "--check")
        call_command("chores", "--write")
        call_command("chores", "--check")
        assert (tmp_path / "cron.yaml").read_text() == cron_yaml()

    @pytest.mark.parametrize("task", tasks_of(ROOT / "cron.yaml"), ids=lambda task: task.name)
    def test_means_the_same_minutes_to_the_poster(self, task: Task) -> None:
        moment = datetime(2026, 5, 4, tzinfo=UTC)

        due = chores.next_time(task.schedule, moment)

        assert task.is_due(due)
        earlier = (due - moment) // timedelta(minutes=1)
        assert not any(task.is_due(moment + timedelta(minutes=n)) for n in range(1, earlier))


@transactional
class TestThePoster:
    def test_deletes_what_was_taken(self, tier: Tier) -> None:
        with heard_by(note):
            ring()
            tier.bus.carry_due(now=timezone.now())
            for message in tier.poster._look():
                tier.poster._settle(message)

        assert len(effects()) == 1
        assert self.left(tier) == ("0", "0")

    def test_leaves_what_was_refused_for_later(self, tier: Tier) -> None:
        tier.sqs.send_message(QueueUrl=tier.queue, MessageBody='{"kind": "pigeon"}')
        for message in tier.poster._look():
            tier.poster._settle(message)

        assert self.left(tier) == ("0", "1")

    def test_brings_periodic_tasks_through_the_queue(self, tier: Tier) -> None:
        task = Task(CHORES[0].name, "/worker/", "* * * * *")
        tier.poster._schedule(task, timezone.now())

        assert tier.post() == [200]
        assert ChoreRun.objects.get().name == CHORES[0].name

    @staticmethod
    def left(tier: Tier) -> tuple[str, str]:
        """How many wait, and how many wait to be seen again."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = tier.sqs.get_queue_attributes(QueueUrl=tier.queue, AttributeNames=names)  # type: ignore[arg-type]
        visible, hidden = (found["Attributes"][name] for name in names)  # type: ignore[index]
        return visible, hidden


def test_a_worker_of_its_own_takes_what_the_poster_brings_and_both_stop_when_told(
    aws: dict[str, str], tmp_path: Path, released_url: str | None
) -> None:
    """The processes themselves: gunicorn with ROLE=worker, and `python -m deploy.sqsd`."""
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="w")["QueueUrl"]
    desk = Desk(tmp_path, database_url=released_url, ROLE="worker", **aws)
    desk.start_one("web")
    poster = subprocess.Popen(
        [sys.executable, "-m", "deploy.sqsd", "--queue", queue, "--to", f"{desk.url}/worker/"],
        cwd=ROOT,
        env=desk.env,
    )
    try:
        desk.wait_until_ready()
        sqs.send_message(QueueUrl=queue, MessageBody=CLAIMS)
        deadline = time.monotonic() + 60
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        while time.monotonic() < deadline:
            found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]  # type: ignore[arg-type]
            if set(found.values()) == {"0"}:
                break
            time.sleep(0.1)
        assert set(found.values()) == {"0"}, desk.logs()
        poster.send_signal(signal.SIGTERM)
        assert poster.wait(timeout=60) == 0
        assert _status(desk, "/worker/") == 405
    finally:
        poster.kill()
        poster.wait()
        desk.stop()


def _status(desk: Desk, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()
