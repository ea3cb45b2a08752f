"""Jobs on the embedded broker, with workers and senders that are killed at any moment."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
JOBS = 400
KILLS = 8
PATIENCE = 90  # seconds


class Jobs:
    """Workers and senders on a broker of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = os.environ | {
            "VAR_DIR": str(folder),
            "JOB_LEASE_SECONDS": "2",
            "LOG_LEVEL": "ERROR",
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
        return self.start("celery", "-A", "tests.ops.counting", "worker", *quiet)

    def sender(self, count: int) -> subprocess.Popen[bytes]:
        return self.start("tests.ops.counting", str(count))

    def marks(self) -> dict[str, int]:
        with closing(sqlite3.connect(self.folder / "marks.sqlite3", timeout=30)) as connection:
            is_there = "SELECT 1 FROM sqlite_master WHERE name = 'mark'"
            if connection.execute(is_there).fetchone() is None:
                return {}
            return dict(connection.execute("SELECT key, times FROM mark").fetchall())

    def end(self) -> None:
        for process in self.started:
            kill(process)


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


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    found = Jobs(tmp_path)
    yield found
    found.end()


def test_nothing_is_lost_when_workers_and_senders_are_killed(jobs: Jobs) -> None:
    chance = random.Random(3)
    worker, sender = jobs.worker(), jobs.sender(JOBS)
    wait_for(lambda: bool(jobs.marks()), lambda: (jobs.folder / "log").read_text()[-3000:])

    for _ in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.4))
        kill(worker)
        kill(sender)
        worker, sender = jobs.worker(), jobs.sender(JOBS)
    assert sender.wait(PATIENCE) == 0
    wait_for(lambda: len(jobs.marks()) >= JOBS, lambda: f"{len(jobs.marks())} of {JOBS}")

    assert set(jobs.marks()) == {f"job {number}" for number in range(JOBS)}


def test_a_worker_that_is_asked_to_stop_ends_its_job_first(jobs: Jobs) -> None:
    worker = jobs.worker()
    send = "from tests.ops.counting import mark; mark.delay('slow', 1.5); mark.delay('next', 0)"
    subprocess.run([sys.executable, "-c", send], cwd=ROOT, env=jobs.env, check=True, timeout=60)
    taken = "SELECT COUNT(*) FROM message WHERE claims > 0"

    def is_taken() -> bool:
        with closing(sqlite3.connect(jobs.folder / "jobs.sqlite3", timeout=30)) as connection:
            return bool(connection.execute(taken).fetchone()[0])

    wait_for(is_taken, lambda: "nobody took it")
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(PATIENCE) == 0
    assert jobs.marks()["slow"] == 1


def test_a_job_longer_than_its_lease_runs_once(jobs: Jobs) -> None:
    jobs.worker()
    jobs.worker()
    send = "from tests.ops.counting import mark; mark.delay('long', 5)"
    subprocess.run([sys.executable, "-c", send], cwd=ROOT, env=jobs.env, check=True, timeout=60)

    wait_for(lambda: "long" in jobs.marks(), lambda: "it never ended")

    assert jobs.marks() == {"long": 1}
