"""Jobs on SQS or the embedded broker while workers are killed with -9 at random.

    python benchmarks/jobs_killed.py [jobs] [sqs|embedded]

Each job's effect is keyed. Told at the end: how many effects there are, how often jobs ran, how
many were given up (and put back through the staff page's port), and how many kills there were.
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
from tests.local_aws import REGION, started  # noqa: E402
from tests.ops.brokers import Broker, Embedded, Sqs  # noqa: E402
from tests.ops.test_killed_workers import Running, kill  # noqa: E402

HELD = 5  # seconds that a dead worker's jobs stay with it
WORKERS = 2
SOONEST, LATEST = 2.0, 12.0  # seconds between kills


def run(running: Running, jobs: int) -> None:
    chance = random.Random(35)
    begun, kills, revived = time.monotonic(), 0, 0
    sender = running.sender(jobs)
    workers = [running.worker() for _ in range(WORKERS)]
    while (done := len(running.marks())) < jobs:
        time.sleep(chance.uniform(SOONEST, LATEST))
        victim = chance.randrange(WORKERS + 1)
        kills += 1
        if victim < WORKERS:
            kill(workers[victim])
            workers[victim] = running.worker()
        elif sender.poll() is None:
            kill(sender)
            sender = running.sender(jobs)
        dead = dead_jobs.build(running.broker.env["BROKER_URL"])
        if done > jobs * 0.95 and (found := dead.read().jobs):
            revived += len(list(dead.retry([job.key for job in found])))
        print(f"\r{done:>7} done, {kills:>4} kills", end="", flush=True)
    took = time.monotonic() - begun
    marks = running.marks()
    again = Counter(marks.values())
    print(
        f"\n{len(marks)} of {jobs} effects, each once; {jobs - len(marks)} lost;"
        f" {kills} kills with -9 in {took:.0f} s\n"
        f"runs a job: {dict(sorted(again.items()))}; given up and put back: {revived}"
    )


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    which = sys.argv[2] if len(sys.argv) > 2 else "sqs"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if which == "embedded":
            _with(Running(folder, Embedded(folder)), jobs)
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
            broker: Broker = Sqs(account, held=HELD)
            _with(Running(folder, broker), jobs)


def _with(running: Running, jobs: int) -> None:
    try:
        run(running, jobs)
    finally:
        running.end()


if __name__ == "__main__":
    main()
