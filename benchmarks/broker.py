"""The desk's two brokers beside what kombu ships, Redis if it is installed, and plain SQS.

    python benchmarks/broker.py [jobs] [desk]      (desk: only the two of the desk)

For each: jobs sent a second, jobs done a second by one worker, the median time from sending a lone
job to its end, and how many of 200 jobs are lost when the worker is killed with -9 five times.
SQS is a local AWS, in one process on the same cores; its own limit is measured beside it with plain
boto3: messages of the same size sent one by one, and received ten at a time and deleted one by one,
as kombu does.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
sys.path.insert(0, str(ROOT))

from tests.local_aws import REGION, started  # noqa: E402 - where it is has just been said
from tests.ops.brokers import Sqs  # noqa: E402

LOST_OF, KILLS = 200, 5
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--concurrency", "2")

APP = """
import os, sqlite3, time
from celery import Celery
from apps.ops import broker
broker.register()
folder = os.environ["FOLDER"]
app = Celery("bench", broker=os.environ["BENCH_BROKER"].replace("sqs+http", "sqs"))
app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True, task_ignore_result=True,
    worker_prefetch_multiplier=4, broker_connection_retry_on_startup=True,
    worker_enable_remote_control=False)
if app.conf.broker_url.startswith("filesystem"):
    app.conf.broker_transport_options = {"data_folder_in": folder + "/queue",
        "data_folder_out": folder + "/queue", "control_folder": folder + "/control"}
elif app.conf.broker_url.startswith("lease"):
    app.conf.broker_transport_options = {"lease": 3}
elif app.conf.broker_url.startswith("sqs"):
    app.conf.broker_url, options = broker.connection(os.environ["BENCH_BROKER"], lease=3)
    app.conf.task_default_queue = "default"
    app.conf.task_queues = {"default": {}}
    app.conf.broker_transport_options = options | {"visibility": {"default": 3}}
elif app.conf.broker_url.startswith("redis"):
    app.conf.broker_transport_options = {"visibility_timeout": 3}

def book():
    made = sqlite3.connect(folder + "/marks.sqlite3", timeout=30, isolation_level=None)
    made.execute("PRAGMA journal_mode = WAL")
    made.execute("CREATE TABLE IF NOT EXISTS mark (key TEXT PRIMARY KEY, at REAL)")
    return made

@app.task(name="mark")
def mark(key, takes=0):
    time.sleep(takes)
    made = book()
    made.execute("INSERT OR IGNORE INTO mark VALUES (?, ?)", (key, time.time()))
    made.close()
"""


class Bench:
    """One broker with a folder of its own."""

    def __init__(self, name: str, url: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        for part in ("queue", "control"):
            (folder / part).mkdir(parents=True)
        (folder / "bench_app.py").write_text(APP)
        self.env = os.environ | {
            "FOLDER": str(folder),
            "BENCH_BROKER": url.replace("FOLDER", str(folder)),
            "PYTHONPATH": f"{ROOT}:{folder}",
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "VAR_DIR": str(folder),
        }

    def worker(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "bench_app", "worker", *QUIET],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def send(self, what: str) -> float:
        """Run lines that send jobs; returns the seconds that they took, without the start-up."""
        begin = "import time\nfrom bench_app import mark\nmark.delay('warm')\nt = time.time()"
        timed = f"{begin}\n{what}\nprint(time.time() - t)"
        done = subprocess.run(
            [sys.executable, "-c", timed], cwd=self.folder, env=self.env, check=True,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        return float(done.stdout.split()[-1])

    def marks(self, like: str) -> list[tuple[str, float]]:
        with closing(sqlite3.connect(self.folder / "marks.sqlite3", timeout=30)) as book:
            if not book.execute("SELECT 1 FROM sqlite_master WHERE name = 'mark'").fetchone():
                return []
            return book.execute("SELECT key, at FROM mark WHERE key LIKE ?", (like,)).fetchall()

    def wait(self, like: str, count: int, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if len(self.marks(like)) >= count:
                return True
            time.sleep(0.02)
        return False


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def measure(bench: Bench, jobs: int) -> tuple[float, float, float, int]:
    sent = bench.send(f"for n in range({jobs}): mark.delay(f'many {{n}}')")
    worker = bench.worker()
    bench.wait("many %", 1, 60)
    begun = min(at for _, at in bench.marks("many %"))
    bench.wait("many %", jobs, 120)
    done = len(bench.marks("many %")) / (max(at for _, at in bench.marks("many %")) - begun)
    lone = "for n in range(20):\n  mark.delay(f'lone {n} {time.time()}')\n  time.sleep(.25)"
    bench.send(lone)
    bench.wait("lone %", 20, 30)
    waits = [at - float(key.split()[2]) for key, at in bench.marks("lone %")]
    bench.send(f"for n in range({LOST_OF}): mark.delay(f'kept {{n}}', .02)")
    for _ in range(KILLS):
        time.sleep(0.3)
        kill(worker)
        worker = bench.worker()
        bench.wait("kept %", len(bench.marks("kept %")) + 5, 15)
    bench.wait("kept %", LOST_OF, 30)
    kill(worker)
    return jobs / sent, done, statistics.median(waits) * 1000, LOST_OF - len(bench.marks("kept %"))


def plain(sqs: Sqs, jobs: int) -> tuple[float, float]:
    """Messages a second that one process sends, and receives and deletes."""
    url, body = sqs.urls["heavy"], "x" * 1100  # what a job of Celery's weighs
    begun = time.monotonic()
    for _ in range(jobs):
        sqs.client.send_message(QueueUrl=url, MessageBody=body)
    sent = time.monotonic() - begun
    begun, left = time.monotonic(), jobs
    while left:
        got = sqs.client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        for message in got.get("Messages", []):
            sqs.client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            left -= 1
    return jobs / sent, jobs / (time.monotonic() - begun)


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as name, started(Path(name)) as aws_url:
        folder = Path(name)
        account = {
            "AWS_ENDPOINT_URL": aws_url,
            "AWS_ACCESS_KEY_ID": "000000000035",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }
        os.environ.update(account)
        sqs = Sqs(account)
        benches = [
            Bench("SQS (ours)", sqs.env["BROKER_URL"], folder / "sqs"),
            Bench("lease (ours)", "lease://localhostFOLDER/jobs.sqlite3", folder / "lease"),
            Bench("kombu filesystem", "filesystem://", folder / "filesystem"),
        ]
        if len(sys.argv) > 2 and sys.argv[2] == "desk":
            benches = benches[:2]
        redis = None
        if len(sys.argv) < 3 and shutil.which("redis-server"):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            redis = subprocess.Popen(
                ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
                stdout=subprocess.DEVNULL,
            )
            benches.append(Bench("Redis", f"redis://127.0.0.1:{port}/0", folder / "redis"))
        print(f"{'broker':<18}{'sent/s':>9}{'done/s':>9}{'ms alone':>11}{'lost of 200':>13}")
        try:
            for bench in benches:
                sent, done, wait, lost = measure(bench, jobs)
                print(
                    f"{bench.name:<18}{sent:>9.0f}{done:>9.0f}{wait:>11.1f}{lost:>13}", flush=True
                )
            alone = plain(sqs, jobs)
            print(f"{'SQS by boto3':<18}{alone[0]:>9.0f}{alone[1]:>9.0f}")
        finally:
            if redis is not None:
                redis.terminate()
                redis.wait()


if __name__ == "__main__":
    main()
