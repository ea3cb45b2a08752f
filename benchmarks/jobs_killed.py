"""Jobs on SQS or the embedded broker while workers are killed with -9 at random.

    python benchmarks/jobs_killed.py [jobs] [sqs|embedded]

Each job has an effect of the desk's own, which could happen twice: a reply that is on its way
becomes a message and a fact. Every tenth job is sent twice besides. Told at the end: how many
messages the replies became, how often jobs ran, how many were given up (and put back through the
staff page's port), and how many kills there were. On SQLite, or on PostgreSQL where DATABASE_URL
says so.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import django

django.setup()

from apps.ops.dead_jobs import dead_jobs  # noqa: E402 - Django first
from tests import databases  # noqa: E402
from tests.local_aws import REGION, started  # noqa: E402
from tests.ops.brokers import Broker, Embedded, Sqs  # noqa: E402
from tests.ops.replying import TWICE  # noqa: E402
from tests.ops.test_killed_workers import Replying, kill  # noqa: E402

HELD = 5  # seconds that a dead worker's jobs stay with it
WORKERS = 2
SOONEST, LATEST = 2.0, 12.0  # seconds between kills


def run(running: Replying, jobs: int) -> None:
    running.ask("prepare", str(jobs))
    chance = random.Random(35)
    begun, kills, revived = time.monotonic(), 0, 0
    sender = running.sender(jobs)
    workers = [running.worker() for _ in range(WORKERS)]
    broker = running.broker
    dead = dead_jobs.build(broker.env["BROKER_URL"])
    while sender.poll() is None or broker.size("default") or broker.dead():
        time.sleep(chance.uniform(SOONEST, LATEST))
        victim = chance.randrange(WORKERS + 1)
        kills += 1
        if victim < WORKERS:
            kill(workers[victim])
            workers[victim] = running.worker()
        elif sender.poll() is None:
            kill(sender)
            sender = running.sender(jobs)
        done = len(running.marks())
        if broker.dead() and (found := dead.read().jobs):
            revived += len(list(dead.retry([job.key for job in found])))
        print(f"\r{done:>7} begun, {kills:>4} kills", end="", flush=True)
    took = time.monotonic() - begun
    told = running.told()
    ran = Counter(running.marks().values())
    print(
        f"\n{jobs} replies: {told['messages']} messages, {told['facts']} facts,"
        f" {told['waiting']} still on their way\n"
        f"messages of a reply: {told['times']}\n"
        f"runs of a job: {dict(sorted(ran.items()))}, every {TWICE}th sent twice;"
        f" given up and put back: {revived}\n"
        f"{kills} kills with -9 in {took:.0f} s"
    )


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    which = sys.argv[2] if len(sys.argv) > 2 else "sqs"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        databases.make_released(folder / "released")
        try:
            with databases.own_desk(folder / "released", folder / "desk") as url:
                _on(which, folder, url, jobs)
        finally:
            databases.drop_made(folder / "released")


def _on(which: str, folder: Path, database_url: str | None, jobs: int) -> None:
    if which == "embedded":
        _with(Embedded(folder / "desk"), folder, database_url, jobs)
        return
    with started(folder) as url:
        account = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "000000000035",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }
        os.environ.update(account)
        _with(Sqs(account, held=HELD), folder, database_url, jobs)


def _with(broker: Broker, folder: Path, database_url: str | None, jobs: int) -> None:
    running = Replying(folder / "desk", broker, database_url=database_url)
    try:
        run(running, jobs)
    finally:
        running.end()


if __name__ == "__main__":
    main()
