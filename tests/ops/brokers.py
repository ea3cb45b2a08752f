"""Both of the desk's brokers for workers that are real processes, each with queues of its own."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import boto3

from apps.ops.broker.queues import QUEUES

HELD = 3  # seconds that a dead worker's jobs stay with it


class Broker(Protocol):
    """`env` is what a process needs to find it."""

    env: dict[str, str]

    def taken(self) -> int:
        """How many jobs some worker holds."""

    def size(self, queue: str) -> int:
        """How many jobs wait or are held."""

    def dead(self) -> int:
        """How many were given up."""


class Embedded:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "jobs.sqlite3"
        self.env = {
            "BROKER_URL": f"lease://localhost{self.path}",
            "JOB_LEASE_SECONDS": str(HELD),
        }

    def taken(self) -> int:
        return self._count(f"message WHERE claims > 0 AND leased_until > {time.time()}")

    def size(self, queue: str) -> int:
        return self._count(f"message WHERE queue = '{queue}'")

    def dead(self) -> int:
        return self._count("dead")

    def _count(self, what: str) -> int:
        with closing(sqlite3.connect(self.path, timeout=30)) as connection:
            return int(connection.execute(f"SELECT COUNT(*) FROM {what}").fetchone()[0])


class Sqs:
    """In the account that the environment names, on the local AWS that it names."""

    def __init__(self, environment: dict[str, str], *, held: int = HELD) -> None:
        self.environment, self.held = environment, held
        self.account = environment["AWS_ACCESS_KEY_ID"]
        host = environment["AWS_ENDPOINT_URL"].partition("://")[2]
        self.env = environment | {
            "BROKER_URL": f"sqs+http://{host}/{self.account}/test-",
            "COUNTING_VISIBILITY": str(held),
        }
        self.client = boto3.client("sqs")
        self.urls = self.create()

    def create(self) -> dict[str, str]:
        """The queues as infra/messaging.yaml makes them, but for how long a job is held."""
        dead = self.client.create_queue(QueueName="test-dead")["QueueUrl"]
        arn = f"arn:aws:sqs:{self.environment['AWS_REGION']}:{self.account}:test-dead"
        made = {"dead": dead}
        for name, terms in QUEUES.items():
            redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": terms.times}
            made[name] = self.client.create_queue(
                QueueName=f"test-{name}",
                Attributes={
                    "VisibilityTimeout": str(self.held),
                    "ReceiveMessageWaitTimeSeconds": "20",
                    "RedrivePolicy": json.dumps(redrive),
                },
            )["QueueUrl"]
        return made

    def taken(self) -> int:
        return self._count("default", "ApproximateNumberOfMessagesNotVisible")

    def size(self, queue: str) -> int:
        return self._count(queue, "ApproximateNumberOfMessages") + self._count(
            queue, "ApproximateNumberOfMessagesNotVisible"
        )

    def dead(self) -> int:
        return self.size("dead")

    def _count(self, queue: str, what: Any) -> int:
        asked = self.client.get_queue_attributes(QueueUrl=self.urls[queue], AttributeNames=[what])
        return int(asked["Attributes"][what])
