"""A Celery app on the desk's broker whose jobs leave a mark each: for workers that get killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from pathlib import Path

from apps.events.envelope import current_cause
from apps.ops import broker
from apps.ops.broker.queues import QUEUES
from apps.ops.jobs import CausedTask, Jobs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
broker.register()
app = Jobs("counting", task_cls=CausedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")

if "COUNTING_VISIBILITY" in os.environ:  # as short as the queues of the test have it
    seconds = int(os.environ["COUNTING_VISIBILITY"])
    app.conf.broker_transport_options["visibility"] = dict.fromkeys(QUEUES, seconds)

if "COUNTING_PAUSE" in os.environ:
    app.conf.broker_transport_options["longest_pause"] = int(os.environ["COUNTING_PAUSE"])

FOLDER = Path(os.environ["VAR_DIR"])


def book() -> sqlite3.Connection:
    connection = sqlite3.connect(FOLDER / "marks.sqlite3", timeout=30, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS mark (key TEXT PRIMARY KEY, times INTEGER)")
    connection.execute("CREATE TABLE IF NOT EXISTS sent (key TEXT PRIMARY KEY)")
    return connection


@app.task(name="counting.mark")
def mark(key: str, takes: float = 0) -> None:
    """The effect is keyed: a job that comes again changes nothing but how often it came."""
    time.sleep(takes)
    connection = book()
    connection.execute(
        "INSERT INTO mark VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET times = times + 1", (key,)
    )
    connection.close()


@app.task(name="counting.held")
def held(key: str, takes: float) -> None:
    """Leaves a mark when it begins, and one when it ends."""
    mark(f"{key} begun")
    mark(key, takes)


@app.task(name="counting.raises")
def raises() -> None:
    mark("raises")
    raise RuntimeError("as always")


@app.task(name="counting.dies")
def dies() -> None:
    mark("dies")
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(name="counting.cause")
def cause() -> None:
    """Two facts of one job would carry these."""
    for _ in range(2):
        known = current_cause()
        mark(f"{known.event_id} {known.correlation_id} {known.depth}")


def send(count: int) -> None:
    """Send each job and then write down that it was sent; go on where an earlier run was killed."""
    connection = book()
    for number in range(count):
        key = f"job {number}"
        if connection.execute("SELECT 1 FROM sent WHERE key = ?", (key,)).fetchone() is None:
            mark.delay(key, 0.005)
            connection.execute("INSERT INTO sent VALUES (?)", (key,))
    connection.close()


if __name__ == "__main__":
    send(int(sys.argv[1]))
