"""SQS's queue of dead jobs.

Reading there is receiving: what is looked at is hidden from others for a moment, and given back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured

from apps.kernel import aws
from apps.kernel.ports import Location
from apps.ops.broker import address
from apps.ops.broker.queues import QUEUES
from apps.ops.dead_jobs import MOST, DeadJob, Found, UnavailableError
from apps.ops.dead_jobs.reading import read

A_BATCH = 10  # SQS's own limit
HIDDEN = 30  # seconds, should nobody give it back
LOOKED_THROUGH = 1000


class SqsDeadJobs:
    def __init__(self, location: Location) -> None:
        self.address = address.read(location)
        self.url = self.address.queue(address.DEAD)

    def read(self) -> Found:
        with _told(), self._looked_at(MOST) as raws:
            jobs = [self._job(raw) for raw in raws]
            return Found(jobs=jobs, total=max(self._total(), len(jobs)))

    def count(self) -> int:
        with _told():
            return self._total()

    def retry(self, keys: Collection[str]) -> Iterator[DeadJob]:
        for raw, job in self._chosen(keys):
            with _told():
                queue = self.address.queue(job.queue)
                self._client().send_message(QueueUrl=queue, MessageBody=raw["Body"])
                self._delete(raw)
            yield job

    def drop(self, keys: Collection[str]) -> Iterator[DeadJob]:
        for raw, job in self._chosen(keys):
            with _told():
                self._delete(raw)
            yield job

    def _chosen(self, keys: Collection[str]) -> Iterator[tuple[Any, DeadJob]]:
        with _told(), self._looked_at(LOOKED_THROUGH, until=set(keys)) as raws:
            for raw in [raw for raw in raws if raw["MessageId"] in keys]:
                yield raw, self._job(raw)
                raws.remove(raw)  # it is gone: nothing to give back

    @contextmanager
    def _looked_at(self, most: int, until: set[str] | None = None) -> Iterator[list[Any]]:
        """Messages, oldest first, which are hidden from others meanwhile."""
        found: list[Any] = []
        try:
            total = self._total()
            while len(found) < most:
                # Without a wait SQS asks only some of its servers, which is enough for none.
                new = self._receive(min(A_BATCH, most - len(found)), wait=len(found) < total)
                found += new
                if not new or (until and until <= {raw["MessageId"] for raw in found}):
                    break
            found.sort(key=lambda raw: int(raw["Attributes"]["SentTimestamp"]))
            yield found
        finally:
            self._give_back(found)

    def _receive(self, most: int, *, wait: bool) -> list[Any]:
        answer = self._client().receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=most,
            VisibilityTimeout=HIDDEN,
            WaitTimeSeconds=1 if wait else 0,
            MessageSystemAttributeNames=["All"],
        )
        found: list[Any] = answer.get("Messages", [])
        return found

    def _give_back(self, raws: list[Any]) -> None:
        """Where that fails, they are seen again when their time is over."""
        for first in range(0, len(raws), A_BATCH):
            entries = [
                {"Id": str(n), "ReceiptHandle": raw["ReceiptHandle"], "VisibilityTimeout": 0}
                for n, raw in enumerate(raws[first : first + A_BATCH])
            ]
            self._client().change_message_visibility_batch(QueueUrl=self.url, Entries=entries)

    def _total(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self._client().get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return sum(int(told["Attributes"][name]) for name in names)

    def _delete(self, raw: Any) -> None:
        self._client().delete_message(QueueUrl=self.url, ReceiptHandle=raw["ReceiptHandle"])

    def _job(self, raw: Any) -> DeadJob:
        told = raw["Attributes"]
        came_from = told.get("DeadLetterQueueSourceArn", "").rpartition(":")[2]
        queue = came_from.removeprefix(self.address.prefix)
        sent = datetime.fromtimestamp(int(told["SentTimestamp"]) / 1000, UTC)
        return read(
            raw["Body"],
            key=raw["MessageId"],
            queue=queue,
            times=QUEUES[queue].times if queue in QUEUES else 0,
            sent_at=sent.isoformat(),
        )

    def _client(self) -> Any:
        return aws.client("sqs", endpoint=self.address.endpoint, read=5, attempts=2)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError, ImproperlyConfigured) as error:
        raise UnavailableError from error
