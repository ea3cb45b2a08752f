r"""A stand-in for Beanstalk's sqsd, where there is none: posts a queue's messages to a worker.

On a laptop it does so for a local AWS; in containers (infra/containers.yaml) for AWS's own.

    python -m deploy.sqsd --queue http://127.0.0.1:4566/…/tendril-local-worker \
        --to http://127.0.0.1:8001/worker/ --cron cron.yaml

What is answered with 200 is deleted; anything else comes again after two seconds, until the queue's
own rule makes a dead letter of it. Periodic tasks go through the queue as well, as sqsd does it.
"""

from __future__ import annotations

import http.client
import logging
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

logger = logging.getLogger(__name__)

WAIT = 2  # seconds that one look at the queue lasts: how long stopping takes
AGAIN = 2  # seconds until a message that was not taken is seen again
ANSWER_WITHIN = 60  # seconds
SCHEDULED = "elasticbeanstalk scheduled job"
_CRON = "beanstalk.sqsd."  # attributes of a periodic task's message


@dataclass(frozen=True, slots=True)
class Task:
    """A line of cron.yaml."""

    name: str
    url: str
    schedule: str

    def is_due(self, minute: datetime) -> bool:
        """Whether the line names this minute, given in UTC."""
        now = (minute.minute, minute.hour, minute.day, minute.month, minute.isoweekday() % 7)
        fields = zip(self.schedule.split(), now, strict=True)
        return all(_names(field, value) for field, value in fields)


def _names(field: str, value: int) -> bool:
    """`*`, `*/10`, `5,35`, `1-5` and numbers: what the desk's table uses."""
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        low = 0 if span == "*" else int(first)
        high = 10**6 if span == "*" else int(last or first)
        if low <= value <= high and (value - low) % int(step or 1) == 0:
            return True
    return False


def tasks_of(cron: Path) -> list[Task]:
    import yaml

    read = yaml.safe_load(cron.read_text())
    if read.get("version") != 1:
        raise click.BadParameter(f"{cron}: sqsd wants version 1", param_hint="--cron")
    return [Task(line["name"], line["url"], line["schedule"]) for line in read["cron"]]


class Poster:
    """Carries messages until `stop` is set; `carry` may run in several threads."""

    def __init__(self, queue: str, to: str) -> None:
        self.queue, self.to = queue, urlsplit(to)
        self.sqs: SQSClient = boto3.client("sqs")
        self.stop = threading.Event()

    def carry(self) -> None:
        while not self.stop.is_set():
            try:
                for message in self._look():
                    self._settle(message)
            except (BotoCoreError, ClientError) as error:
                logger.warning("the queue is away: %s", error)
                self.stop.wait(AGAIN)

    def tick(self, tasks: list[Task]) -> None:
        """Put periodic tasks into the queue when their minute comes."""
        done = _minute()
        while not self.stop.wait(1):
            minute = _minute()
            if minute == done:
                continue
            done = minute
            for task in tasks:
                if task.is_due(minute):
                    self._schedule(task, minute)

    def _look(self) -> Iterator[Any]:
        """One message at a time: what waits behind a slow one would become visible meanwhile."""
        answer = self.sqs.receive_message(
            QueueUrl=self.queue,
            MaxNumberOfMessages=1,
            WaitTimeSeconds=WAIT,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        yield from answer.get("Messages", [])

    def _settle(self, message: Any) -> None:
        receipt = message["ReceiptHandle"]
        if self._post(message) == http.client.OK:
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=receipt)
        else:
            self.sqs.change_message_visibility(
                QueueUrl=self.queue, ReceiptHandle=receipt, VisibilityTimeout=AGAIN
            )

    def _post(self, message: Any) -> int:
        """The answer's status; 0 if there was none."""
        said = {
            name: each.get("StringValue", "")
            for name, each in message.get("MessageAttributes", {}).items()
        }
        path = said.get(f"{_CRON}path") or self.to.path
        headers = headers_of(message, said, queue=self.queue.rpartition("/")[2])
        worker = http.client.HTTPConnection(
            self.to.hostname or "127.0.0.1", self.to.port, timeout=ANSWER_WITHIN
        )
        try:
            worker.request("POST", path, message["Body"].encode(), headers)
            return worker.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            logger.warning("the worker is away: %s", error)
            return 0
        finally:
            worker.close()

    def _schedule(self, task: Task, minute: datetime) -> None:
        said = {"path": task.url, "task_name": task.name, "scheduled_time": minute.isoformat()}
        try:
            self.sqs.send_message(
                QueueUrl=self.queue,
                MessageBody=SCHEDULED,
                MessageAttributes={
                    f"{_CRON}{name}": {"DataType": "String", "StringValue": value}
                    for name, value in said.items()
                },
            )
        except (BotoCoreError, ClientError) as error:
            logger.warning("%s was not scheduled: %s", task.name, error)


def headers_of(message: Any, said: Mapping[str, str], *, queue: str) -> dict[str, str]:
    """What sqsd says of a message. `said` holds the values of its attributes."""
    system = message.get("Attributes", {})
    seconds = int(system.get("ApproximateFirstReceiveTimestamp", "0")) / 1000
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "aws-sqsd/3.0",
        "X-Aws-Sqsd-Msgid": message["MessageId"],
        "X-Aws-Sqsd-Queue": queue,
        "X-Aws-Sqsd-First-Received-At": datetime.fromtimestamp(seconds, UTC).isoformat(),
        "X-Aws-Sqsd-Receive-Count": system.get("ApproximateReceiveCount", "1"),
    }
    for name, value in said.items():
        if not name.startswith(_CRON):
            headers[f"X-Aws-Sqsd-Attr-{name}"] = value
    if f"{_CRON}task_name" in said:
        headers["X-Aws-Sqsd-Taskname"] = said[f"{_CRON}task_name"]
        headers["X-Aws-Sqsd-Scheduled-At"] = said.get(f"{_CRON}scheduled_time", "")
        headers["X-Aws-Sqsd-Sender-Id"] = "local"
    return headers


def _minute() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)


@click.command(help=__doc__)
@click.option("--queue", required=True, help="the queue's URL")
@click.option(
    "--to", required=True, help="the worker's page, such as http://127.0.0.1:8001/worker/"
)
@click.option("--cron", type=click.Path(exists=True, path_type=Path), help="a cron.yaml")
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1, 50))
def main(queue: str, to: str, cron: Path | None, threads: int) -> None:
    logging.basicConfig(level=logging.INFO)
    poster = Poster(queue, to)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: poster.stop.set())
    work = [threading.Thread(target=poster.carry) for _ in range(threads)]
    if cron is not None:
        work.append(threading.Thread(target=poster.tick, args=[tasks_of(cron)]))
    for thread in work:
        thread.start()
    while not poster.stop.is_set():
        time.sleep(0.2)  # signals reach the main thread only while it runs
    for thread in work:
        thread.join()


if __name__ == "__main__":
    main()
