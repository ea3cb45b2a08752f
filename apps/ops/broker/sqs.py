"""kombu's SQS transport with what a desk needs besides.

- A poll that fails (SQS away, throttled, access denied for a while) is asked again, with a pause
  that grows. kombu's own raises in the worker's loop, which ends the worker or stops the queue.
- What a worker holds stays invisible to others as long as it lives, however long it waits here.
- What is given back is there for others at once. kombu lets it lie.
- What failed comes again after a pause, and SQS moves it to the dead jobs when it has come often.
- All of SQS's refusals reach the sender as kombu's OperationalError.
"""

from __future__ import annotations

import contextlib
import logging
from collections import defaultdict
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured
from kombu.asynchronous.aws.sqs.connection import AsyncSQSConnection
from kombu.exceptions import OperationalError
from kombu.transport import SQS

from apps.kernel import aws
from apps.ops.broker.queues import LONGEST_PAUSE, pause

logger = logging.getLogger(__name__)

TROUBLE = (BotoCoreError, ClientError, ImproperlyConfigured)
A_BATCH = 10  # SQS's own limit
LONGEST_WAIT = 30.0  # seconds between questions to a queue that can't be read
FAILED = -1


class Poller(AsyncSQSConnection):
    """Asks for messages; an answer that is none is `{"failed": why}`."""

    def _on_list_ready(self, parent: Any, markers: Any, operation: str, response: Any) -> Any:
        try:
            answer = super()._on_list_ready(parent, markers, operation, response)
        except Exception as error:  # noqa: BLE001 - kombu raises no narrower one
            return {"failed": str(error)}
        if response.status != self.STATUS_CODE_OK:  # kombu's empty list
            return {"failed": f"HTTP {response.status} {response.reason}"}
        return answer


class QoS(SQS.QoS):
    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Without requeue: a failure, which comes again. SQS counts how often."""
        if not requeue:
            with contextlib.suppress(KeyError):
                self.channel.put_off(self.get(delivery_tag))
        super().reject(delivery_tag, requeue=requeue)

    def held(self) -> list[Any]:
        self._flush()
        return list(self._delivered.values())


class Channel(SQS.Channel):
    QoS = QoS

    def __init__(self, connection: Any, **kwargs: Any) -> None:
        super().__init__(connection, **kwargs)
        self.failures: dict[str, int] = defaultdict(int)
        self._renewal: Any = None
        self._names = {at["url"]: name for name, at in self.predefined_queues.items()}

    # Sending

    def new_sqs_client(self, *_: Any, **__: Any) -> Any:
        return aws.client("sqs", endpoint=self.transport_options["endpoint"], read=5, attempts=2)

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        try:
            super()._put(queue, message, **kwargs)
        except TROUBLE as error:
            raise OperationalError(f"SQS took no job for {queue}: {error}") from error

    def _size(self, queue: str) -> int:
        """Asked whenever a queue is declared, for no use: whoever sends is spared the question."""
        return 0

    # Receiving

    def basic_consume(self, queue: str, *args: Any, **kwargs: Any) -> Any:
        if self._renewal is None and self.hub:
            soonest = min(self.transport_options["visibility"].values())
            self._renewal = self.hub.call_repeatedly(soonest / 3, self.renew)
        return super().basic_consume(queue, *args, **kwargs)

    def asynsqs(self, queue: str | None = None) -> Any:
        known = self._predefined_queue_async_clients
        if queue not in known:
            known[queue] = Poller(sqs_connection=self.sqs(queue=queue), region=self.region)
        return known[queue]

    def _get_async(self, queue: str, count: int = 1, callback: Any = None) -> Any:
        try:
            return super()._get_async(queue, count, callback=callback)
        except TROUBLE as error:  # such as credentials that can't be renewed
            return callback(self._failed(queue, str(error)))

    def _on_messages_ready(self, queue: str, qname: str, messages: dict[str, Any]) -> int:
        if "failed" in messages:
            return self._failed(qname, messages["failed"])
        if self.failures.pop(qname, 0):
            logger.warning("queue %s can be read again", qname)
        return int(super()._on_messages_ready(queue, qname, messages))

    def _failed(self, queue: str, why: str) -> int:
        self.failures[queue] += 1
        if self.failures[queue] == 1:
            logger.error("queue %s can't be read, asking on: %s", queue, why)
        return FAILED

    def _loop1(self, queue: str, messages_fetched: int | None = None) -> None:
        if messages_fetched == FAILED:
            wait = min(0.2 * 2 ** min(self.failures[queue], 10), LONGEST_WAIT)
            self.hub.call_later(wait, self._schedule_queue, queue)
        else:
            super()._loop1(queue, messages_fetched)

    # Holding

    def renew(self) -> None:
        """Keep what is held from others for as long again."""
        by_queue = defaultdict(list)
        for message in self.qos.held():
            by_queue[message.delivery_info["sqs_queue"]].append(message)
        for url, messages in by_queue.items():
            seconds = self.transport_options["visibility"][self._names[url]]
            for first in range(0, len(messages), A_BATCH):
                self._change(url, messages[first : first + A_BATCH], seconds)

    def put_off(self, message: Any) -> None:
        """A job failed: it comes again in a while."""
        info = message.delivery_info
        times = int(info["sqs_message"]["Attributes"]["ApproximateReceiveCount"])
        longest = self.transport_options.get("longest_pause", LONGEST_PAUSE)
        self._change(info["sqs_queue"], [message], pause(times, longest=longest))

    def _restore(self, message: Any, *_: Any) -> None:
        self._change(message.delivery_info["sqs_queue"], [message], 0)

    _restore_at_beginning = _restore

    def _change(self, url: str, messages: list[Any], seconds: int) -> None:
        """Refused or not heard, it comes again when its time is over: late, not lost."""
        entries = [
            {"Id": str(n), "ReceiptHandle": m.delivery_tag, "VisibilityTimeout": seconds}
            for n, m in enumerate(messages)
        ]
        try:
            client = self.sqs(queue=self._names[url])
            client.change_message_visibility_batch(QueueUrl=url, Entries=entries)
        except TROUBLE as error:
            logger.warning("SQS didn't take when %d jobs come again: %s", len(messages), error)

    def _delete_rejected_message(self, delivery_tag: str) -> None:
        """Every queue of the desk has a place for dead jobs: nothing is thrown away here."""

    def close(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None
        super().close()


class Transport(SQS.Transport):
    Channel = Channel
    polling_interval = 0.02
