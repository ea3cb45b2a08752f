"""Jobs on both brokers, with workers and senders that are killed at any moment."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.ops.brokers import HELD, Broker, Embedded, Sqs

ROOT = Path(__file__).resolve().parents[2]
JOBS, REPLIES = 400, 100
KILLS = 8
PATIENCE = 90  # seconds


class Running:
    """Workers and senders on a broker of their own."""

    app = "tests.ops.counting"

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.folder, self.broker = folder, broker
        self.env = {
            **os.environ,
            **broker.env,
            "VAR_DIR": str(folder),
            "REMAP_SIGTERM": "SIGQUIT",  # as the Procfile has it
            "LOG_LEVEL": "WARNING",
        }
        self.env.pop("DATABASE_URL", None)
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.started.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        return self.start("celery", "-A", self.app, "worker", *quiet)

    def send(self, what: str) -> None:
        lines = f"from tests.ops.counting import *\n{what}"
        subprocess.run(
            [sys.executable, "-c", lines], cwd=ROOT, env=self.env, check=True, timeout=60
        )

    def sender(self, count: int) -> subprocess.Popen[bytes]:
        return self.start("tests.ops.counting", str(count))

    def marks(self) -> dict[str, int]:
        with closing(sqlite3.connect(self.folder / "marks.sqlite3", timeout=30)) as connection:
            is_there = "SELECT 1 FROM sqlite_master WHERE name = 'mark'"
            if connection.execute(is_there).fetchone() is None:
                return {}
            return dict(connection.execute("SELECT key, times FROM mark").fetchall())

    def log(self) -> str:
        return (self.folder / "log").read_text()[-5000:]

    def said(self, words: str) -> bool:
        """Ever: one traceback is longer than what is shown of the log."""
        return words in (self.folder / "log").read_text()

    def end(self) -> None:
        for process in self.started:
            kill(process)


class Replying(Running):
    """A desk's folder and database, and jobs that send its replies (tests.ops.replying)."""

    app = "tests.ops.replying"

    def __init__(self, folder: Path, broker: Broker, *, database_url: str | None) -> None:
        super().__init__(folder, broker)
        self.env["DJANGO_SETTINGS_MODULE"] = "project.settings"
        if database_url:
            self.env |= {"DATABASE_URL": database_url, "SECRET_KEY": "known to everybody: a test's"}

    def ask(self, *what: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", self.app, *what],
            cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def sender(self, count: int) -> subprocess.Popen[bytes]:
        return self.start(self.app, "send", str(count))

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ask("told").splitlines()[-1])
        return found


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL, with every child."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(condition: Callable[[], bool], told: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.05)


@pytest.fixture(params=["embedded", "sqs"])
def jobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    broker: Broker
    if request.param == "embedded":
        broker = Embedded(tmp_path)
    else:
        broker = Sqs(request.getfixturevalue("aws"))
    found = Running(tmp_path, broker)
    yield found
    found.end()


def test_nothing_is_lost_when_workers_and_senders_are_killed(jobs: Running) -> None:
    chance = random.Random(3)
    worker, sender = jobs.worker(), jobs.sender(JOBS)
    wait_for(lambda: bool(jobs.marks()), jobs.log)

    for _ in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.4))
        kill(worker)
        kill(sender)
        worker, sender = jobs.worker(), jobs.sender(JOBS)
    assert sender.wait(PATIENCE) == 0
    wait_for(lambda: len(jobs.marks()) >= JOBS, lambda: f"{len(jobs.marks())} of {JOBS}")

    assert set(jobs.marks()) == {f"job {number}" for number in range(JOBS)}


@pytest.fixture(params=["embedded", "sqs"])
def replies(
    request: pytest.FixtureRequest, tmp_path: Path, released_url: str | None
) -> Iterator[Replying]:
    folder = tmp_path / "var"
    broker: Broker
    if request.param == "embedded":
        broker = Embedded(folder)
    else:
        broker = Sqs(request.getfixturevalue("aws"))
    found = Replying(folder, broker, database_url=released_url)
    yield found
    found.end()


def test_each_effect_is_there_once_whatever_is_killed(replies: Replying) -> None:
    chance = random.Random(5)
    replies.ask("prepare", str(REPLIES))
    worker, sender = replies.worker(), replies.sender(REPLIES)
    wait_for(lambda: bool(replies.marks()), replies.log)

    for _ in range(KILLS):
        time.sleep(chance.uniform(0.2, 0.8))
        kill(worker)
        kill(sender)
        worker, sender = replies.worker(), replies.sender(REPLIES)
    assert sender.wait(PATIENCE) == 0
    wait_for(lambda: replies.broker.size("default") == 0, lambda: str(replies.told()))

    often = replies.marks().values()
    assert sum(often) >= REPLIES * 11 // 10  # every tenth job came twice, killed ones besides
    assert replies.told() == {
        "times": {"1": REPLIES},
        "messages": REPLIES,
        "facts": REPLIES,
        "waiting": 0,
        "failing": {},
    }


def test_a_chore_that_is_killed_at_its_limit_is_seen_and_does_not_come_again(
    replies: Replying,
) -> None:
    replies.worker()
    replies.send("app.send_task('tests.ops.replying.stuck')")
    wait_for(lambda: "stuck" in replies.marks(), replies.log)
    wait_for(lambda: bool(replies.told()["failing"]), replies.log)
    wait_for(lambda: replies.broker.size("default") == 0, replies.log)

    (error,) = replies.told()["failing"].values()
    assert error.startswith("TimeLimitExceeded")
    assert replies.marks() == {"stuck": 1}


def test_a_worker_that_is_asked_to_stop_ends_its_job_first(jobs: Running) -> None:
    worker = jobs.worker()
    jobs.send("held.delay('slow', 1.5); mark.delay('next', 0); mark.delay('last', 0)")
    wait_for(lambda: "slow begun" in jobs.marks(), jobs.log)
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(PATIENCE) == 0
    assert jobs.marks()["slow"] == 1
    jobs.worker()  # what it had taken and not begun is there for the next one
    wait_for(lambda: len(jobs.marks()) == 4, lambda: str(jobs.marks()))


def test_a_job_too_long_for_the_stop_begins_again_elsewhere(jobs: Running) -> None:
    jobs.env["SOFT_SHUTDOWN_SECONDS"] = "1"
    worker = jobs.worker()
    jobs.send("held.delay('long', 6)")
    wait_for(lambda: "long begun" in jobs.marks(), jobs.log)
    asked = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    worker.wait(PATIENCE)
    took = time.monotonic() - asked

    assert jobs.marks() == {"long begun": 1}, took
    jobs.worker()
    wait_for(lambda: jobs.marks() == {"long begun": 2, "long": 1}, lambda: str(jobs.marks()))


def test_a_job_knows_what_set_it_off(jobs: Running) -> None:
    known = uuid.UUID(int=7)
    jobs.worker()
    jobs.send(
        "import uuid\nfrom apps.events.envelope import Cause, caused_by\n"
        f"with caused_by(Cause(event_id=5, correlation_id=uuid.UUID('{known}'), depth=2)):\n"
        "    cause.delay()\n"
        "app.send_task('counting.cause')"
    )
    wait_for(lambda: sum(jobs.marks().values()) == 4, lambda: str(jobs.marks()))

    marks = jobs.marks()
    assert marks.pop(f"5 {known} 2") == 2
    (alone,) = marks
    assert alone.startswith("None ")  # it began something: one correlation for all of it
    assert marks[alone] == 2


def test_a_job_longer_than_its_lease_runs_once(jobs: Running) -> None:
    jobs.worker()
    jobs.worker()
    jobs.send(f"held.delay('long', {2 * HELD})")

    wait_for(lambda: "long" in jobs.marks(), lambda: "it never ended")

    # A second one would have begun when the first hold was over.
    assert jobs.marks() == {"long begun": 1, "long": 1}
