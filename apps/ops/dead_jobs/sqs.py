"""SQS's queues of what was given up.

Reading there is receiving: what is looked at is hidden from others for a moment, and given back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured

from apps.kernel import aws
from apps.kernel.ports import Location
from apps.ops.broker import address
from apps.ops.broker.queues import QUEUES
from apps.ops.dead_jobs import MOST, DeadJob, Found, UnavailableError
from apps.ops.dead_jobs.reading import read, read_message

logger = logging.getLogger(__name__)

A_BATCH = 10  # SQS's own limit
# Seconds. A page looks for what was chosen, and acts on it, for so long; the last act may take two
# requests of two attempts. What is looked at comes back by itself, if nobody gives it back.
A_LOOK = 10.0
HIDDEN = 60


@dataclass(slots=True)
class _Look:
    """`raws` are the messages that are hidden from others because of it."""

    receive: Callable[..., list[Any]]
    total: int
    raws: list[Any] = field(default_factory=list)

    def more(self, most: int) -> list[Any]:
        """The next ones; none when there are no more."""
        # Without a wait SQS asks only some of its servers, which is enough for none.
        new = self.receive(most, wait=len(self.raws) < self.total)
        self.raws += new
        return new


class SqsDeadJobs:
    possible = True
    dead = address.DEAD

    def __init__(self, location: Location) -> None:
        self.address = address.read(location)
        self.url = self.address.queue(self.dead)

    def read(self) -> Found:
        with _told(), self._looking() as look:
            while len(look.raws) < MOST and look.more(min(A_BATCH, MOST - len(look.raws))):
                pass
            found = sorted(look.raws, key=lambda raw: int(raw["Attributes"]["SentTimestamp"]))
            jobs = [self._job(raw) for raw in found]
            return Found(jobs=jobs, total=max(look.total, len(jobs)))

    def count(self) -> int:
        with _told():
            return self._total()

    def retry(self, keys: Collection[str]) -> Iterator[DeadJob]:
        for raw, job in self._chosen(keys):
            with _told():
                queue = self.address.queue(job.queue)
                self._client().send_message(
                    QueueUrl=queue,
                    MessageBody=raw["Body"],
                    MessageAttributes=raw.get("MessageAttributes", {}),
                )
                self._delete(raw)
            yield job

    def drop(self, keys: Collection[str]) -> Iterator[DeadJob]:
        for raw, job in self._chosen(keys):
            with _told():
                self._delete(raw)
            yield job

    def _chosen(self, keys: Collection[str]) -> Iterator[tuple[Any, DeadJob]]:
        """Each as soon as it is found: whoever acts on it does so while others can't see it.

        What isn't found in time, behind more than SQS shows in it, is left where it is.
        """
        left, end = set(keys), time.monotonic() + A_LOOK
        with self._looking() as look:
            while left:
                with _told():
                    new = look.more(A_BATCH)
                if not new:
                    return
                for raw in new:
                    if time.monotonic() >= end:
                        return
                    if raw["MessageId"] in left:
                        left.remove(raw["MessageId"])
                        yield raw, self._job(raw)
                        look.raws.remove(raw)  # it is gone: nothing to give back

    @contextmanager
    def _looking(self) -> Iterator[_Look]:
        """What is looked at is hidden from others meanwhile, and given back at the end."""
        with _told():
            look = _Look(self._receive, self._total())
        try:
            yield look
        finally:
            self._give_back(look.raws)

    def _receive(self, most: int, *, wait: bool) -> list[Any]:
        answer = self._client().receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=most,
            VisibilityTimeout=HIDDEN,
            WaitTimeSeconds=1 if wait else 0,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        found: list[Any] = answer.get("Messages", [])
        return found

    def _give_back(self, raws: list[Any]) -> None:
        """Where that fails, they are seen again when their time is over: nothing is lost by it."""
        for first in range(0, len(raws), A_BATCH):
            entries = [
                {"Id": str(n), "ReceiptHandle": raw["ReceiptHandle"], "VisibilityTimeout": 0}
                for n, raw in enumerate(raws[first : first + A_BATCH])
            ]
            try:
                self._client().change_message_visibility_batch(QueueUrl=self.url, Entries=entries)
            except (BotoCoreError, ClientError) as error:
                logger.warning("dead jobs stay hidden for %d s: %s", HIDDEN, error)
                return

    def _total(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self._client().get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return sum(int(told["Attributes"][name]) for name in names)

    def _delete(self, raw: Any) -> None:
        self._client().delete_message(QueueUrl=self.url, ReceiptHandle=raw["ReceiptHandle"])

    def _job(self, raw: Any) -> DeadJob:
        came_from = raw["Attributes"].get("DeadLetterQueueSourceArn", "").rpartition(":")[2]
        queue = came_from.removeprefix(self.address.prefix)
        return read(
            raw["Body"],
            key=raw["MessageId"],
            queue=queue,
            times=QUEUES[queue].times if queue in QUEUES else 0,
            sent_at=_sent(raw).isoformat(),
        )

    def _client(self) -> Any:
        return aws.client("sqs", endpoint=self.address.endpoint, read=5, attempts=2)


class SqsDeadMessages(SqsDeadJobs):
    """What the worker tier refused: facts' claims, and what SES and CloudWatch tell."""

    dead = address.DEAD_MESSAGES

    def _job(self, raw: Any) -> DeadJob:
        return read_message(raw["Body"], key=raw["MessageId"], sent_at=_sent(raw))


def _sent(raw: Any) -> datetime:
    return datetime.fromtimestamp(int(raw["Attributes"]["SentTimestamp"]) / 1000, UTC)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError, ImproperlyConfigured) as error:
        raise UnavailableError from error
