"""SQS slow, unreachable, refusing, or saying a thing twice: who sends and who works goes on."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from celery import current_app
from django.test import Client
from kombu.exceptions import OperationalError

from apps.events import jobs as nudges
from apps.events.jobs import nudge
from apps.notifications.models import OutgoingMail
from apps.ops.broker.queues import LONGEST_DELAY, QUEUES, SOFT_SECONDS, pause
from apps.ops.chores import CHORES
from apps.ops.jobs import CausedTask, Jobs
from tests.cast import Cast
from tests.local_aws import started
from tests.ops.brokers import Sqs
from tests.ops.test_dead_jobs import sender
from tests.ops.test_killed_workers import ROOT, Running, wait_for

ACCOUNT = "000000000000"


@contextmanager
def sent_by(app: Any) -> Iterator[None]:
    """What the desk sends goes through this app."""
    before: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    app.set_current()
    nudges.forget_failure()
    try:
        yield
    finally:
        before.set_current()
        nudges.forget_failure()
        app.close()


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a service that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.django_db
@pytest.mark.parametrize("trouble", ["unreachable", "silent", "no queue", "no credentials"])
def test_whoever_sends_a_nudge_goes_on(  # noqa: PLR0917 - fixtures
    trouble: str,
    silent: int,
    aws: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """The row is stored, the page answers, and the log says that the chore repairs it."""
    host = {
        "unreachable": "127.0.0.1:9",
        "silent": f"127.0.0.1:{silent}",
        "no queue": urlsplit(aws["AWS_ENDPOINT_URL"]).netloc,
        "no credentials": "127.0.0.1:9",
    }[trouble]
    if trouble == "no credentials":
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")

    with sent_by(sender(f"sqs+http://{host}/{ACCOUNT}/none-")):
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                nudge("apps.desk.tasks.send_due", after=10)

    told = [record.getMessage() for record in caplog.records if record.name == "apps.events.jobs"]
    # The second didn't wait for what had just failed.
    assert [text.partition(":")[0] for text in told] == [
        "the broker is away, apps.desk.tasks.send_due waits for its chore",
        "the broker was away a moment ago, apps.desk.tasks.send_due waits for its chore",
    ]


@pytest.mark.django_db
def test_a_page_that_sends_a_job_answers_as_always(
    cast: Cast, client: Client, aws: dict[str, str], django_capture_on_commit_callbacks: Any
) -> None:
    with (
        sent_by(sender(f"sqs+http://127.0.0.1:9/{ACCOUNT}/none-")),
        django_capture_on_commit_callbacks(execute=True) as sent,
    ):
        answer = client.post("/account/password/reset/", {"email": cast.rachel.email})

    assert answer.status_code == 302
    assert len(sent) == 1
    assert OutgoingMail.objects.get().to == cast.rachel.email  # for the chore of the minute


def test_every_nudge_is_a_chores() -> None:
    """What a lost one leaves behind is looked for each minute."""
    sources = [path.read_text() for path in (ROOT / "apps").rglob("*.py")]
    nudged = {name for text in sources for name in re.findall(r'nudge\("([a-z_.]+)"', text)}
    each_minute = {chore.task for chore in CHORES if chore.schedule == "* * * * *"}

    assert nudged
    assert nudged | {"apps.desk.tasks.send_due"} <= each_minute


def test_nothing_is_sent_but_by_nudges_and_chores() -> None:
    """Whoever sends a job of their own says here what repairs its loss."""
    sends = re.compile(r"\.delay\(|send_task\(|apply_async\(")
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "apps").rglob("*.py")
        if sends.search(path.read_text())
    }

    assert found == {
        "apps/events/jobs.py",  # nudges
        "apps/ops/chores.py",  # the chores, which come again
        "apps/ops/doctor/carrying.py",  # whether a job is done at all
        "apps/ops/jobs.py",  # Celery's own
    }


def test_a_job_says_that_it_was_not_taken(aws: dict[str, str]) -> None:
    app = sender(f"sqs+http://127.0.0.1:9/{ACCOUNT}/none-")

    with pytest.raises(OperationalError, match="SQS took no job for default"):
        app.send_task("desk.export")
    app.close()


def test_a_delay_is_the_queues(aws: dict[str, str]) -> None:
    sqs = Sqs(aws)
    app = sender(sqs.env["BROKER_URL"])
    app.send_task("desk.export", countdown=600)
    app.close()
    delayed = "ApproximateNumberOfMessagesDelayed"

    assert sqs._count("default", delayed) == 1
    assert "Messages" not in sqs.client.receive_message(QueueUrl=sqs.urls["default"])


@pytest.mark.parametrize("late", [{"countdown": LONGEST_DELAY + 1}, {"eta": "2030-01-01"}])
def test_a_longer_delay_is_refused(late: dict[str, Any]) -> None:
    app = Jobs("test", task_cls=CausedTask, set_as_current=False)

    with pytest.raises(ValueError, match="Make it a row with a due time"):
        app.send_task("desk.export", **late)


def test_the_settings_never_ask_for_a_longer_delay() -> None:
    source = (ROOT / "project/settings.py").read_text()
    for name in ("NOTIFY_AFTER_SECONDS", "UNDO_SEND_SECONDS"):
        most = re.search(rf'"{name}".*most=(\d+)', source)
        assert most is not None
        assert int(most[1]) <= LONGEST_DELAY


class _Cloud(yaml.SafeLoader):
    """Reads the template; what its own tags refer to doesn't matter here."""


_Cloud.add_multi_constructor("!", lambda _loader, _tag, node: getattr(node, "value", None))


@pytest.mark.parametrize("name", QUEUES)
def test_the_queues_are_made_for_their_jobs(name: str) -> None:
    with (ROOT / "infra/messaging.yaml").open() as template:
        made = yaml.load(template, _Cloud)["Resources"][f"{name.title()}Queue"]["Properties"]
    terms = QUEUES[name]

    assert made["VisibilityTimeout"] == terms.visibility
    assert made["RedrivePolicy"]["maxReceiveCount"] == terms.times
    # With a worker that takes a while to stop, and a pause after a failure, to spare.
    assert terms.seconds + 280 < terms.visibility
    assert terms.seconds > SOFT_SECONDS
    assert max(pause(times) for times in range(terms.times + 1)) <= 900


def test_every_job_has_the_time_of_its_queue() -> None:
    app = current_app
    app.loader.import_default_modules()
    for name, task in app.tasks.items():
        if name.startswith("apps."):
            queue = app.amqp.router.route({}, name)["queue"].name
            limit = task.time_limit or app.conf.task_time_limit
            assert limit == QUEUES[queue].seconds, name
            soft = task.soft_time_limit or app.conf.task_soft_time_limit
            assert soft == limit - SOFT_SECONDS, name


def test_a_chore_that_fails_is_left_to_its_next_turn_and_no_other_job_is() -> None:
    current_app.loader.import_default_modules()
    chores = {chore.task for chore in CHORES}
    tasks: dict[str, Any] = dict(current_app.tasks)
    for name, task in tasks.items():
        if name.startswith("apps."):
            assert (task.acks_on_failure, task.acks_on_timeout) == (name in chores,) * 2, name


@pytest.fixture
def own_aws(tmp_path: Path, aws: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A local AWS that this test may stop and start, on one port."""
    local = started(tmp_path)
    url = f"http://127.0.0.1:{local.port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    local.__enter__()
    yield local, aws | {"AWS_ENDPOINT_URL": url}
    local.__exit__()


def test_a_worker_outlives_its_queues(own_aws: Any, tmp_path: Path) -> None:
    """SQS goes away with all it has, and comes back first without and then with the queues."""
    local, environment = own_aws
    sqs = Sqs(environment)
    running = Running(tmp_path, sqs)
    try:
        worker = running.worker()
        running.send("mark.delay('before', 0)")
        wait_for(lambda: "before" in running.marks(), running.log)

        local.__exit__()
        wait_for(lambda: running.said("can't be read, asking on"), running.log)
        local.__enter__()
        time.sleep(2)  # it asks for queues that aren't there
        sqs.urls = sqs.create()
        running.send("mark.delay('after', 0)")

        wait_for(lambda: "after" in running.marks(), running.log)
        assert worker.poll() is None
        assert running.said("can be read again")
    finally:
        running.end()


def test_a_job_that_comes_twice_does_its_thing_once(aws: dict[str, str], tmp_path: Path) -> None:
    sqs = Sqs(aws)
    running = Running(tmp_path, sqs)
    running.send("mark.delay('twice', 0)")
    (raw,) = sqs.client.receive_message(QueueUrl=sqs.urls["default"])["Messages"]
    for _ in range(3):
        sqs.client.send_message(QueueUrl=sqs.urls["default"], MessageBody=raw["Body"])
    try:
        running.worker()

        wait_for(lambda: running.marks().get("twice", 0) >= 4, running.log)
        assert len(running.marks()) == 1
    finally:
        running.end()


@pytest.mark.parametrize("kind", ["raises", "dies"])
def test_a_job_that_always_fails_ends_where_staff_see_it(
    kind: str, aws: dict[str, str], tmp_path: Path
) -> None:
    sqs = Sqs(aws)
    running = Running(tmp_path, sqs)
    running.env["COUNTING_PAUSE"] = "0"
    try:
        running.worker()
        running.send(f"{kind}.delay()")

        wait_for(lambda: sqs.dead() == 1, running.log)
        assert running.marks()[kind] == QUEUES["default"].times
    finally:
        running.end()


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"AWS_ACCESS_KEY_ID": ""}, "BROKER_URL: No AWS credentials for sqs: give the instance"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "BROKER_URL: No AWS region for sqs"),
    ],
)
def test_a_worker_that_may_not_ask_says_so_in_one_line(
    env: dict[str, str], told: str, aws: dict[str, str], tmp_path: Path
) -> None:
    quiet = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null"}
    quiet["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null"
    url = f"sqs+http://127.0.0.1:9/{ACCOUNT}/none-"

    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "project", "worker"],
        cwd=ROOT, env=os.environ | quiet | {"VAR_DIR": str(tmp_path), "BROKER_URL": url} | env,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith(told)
    assert "Traceback" not in done.stderr
