"""kombu's virtual transport over the lease queue."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import virtual

from apps.ops.broker.queue import LeaseQueue
from apps.ops.broker.queues import LONGEST_PAUSE, QUEUES, pause

DEFAULT_LEASE = 60.0  # seconds


class QoS(virtual.QoS):
    """What this consumer holds. A delivery tag is "id:number" of its claim."""

    def ack(self, delivery_tag: str) -> None:
        self.channel.leases.acknowledge(_claim(delivery_tag)[0])
        super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        claim_id, number = _claim(delivery_tag)
        # Without requeue it failed: it comes again in a while, and is given up in the end.
        longest = self.channel.connection.client.transport_options.get(
            "longest_pause", LONGEST_PAUSE
        )
        again = 0 if requeue else pause(number, longest=longest)
        self.channel.leases.release(claim_id, number, delay=again)
        self._quick_ack(delivery_tag)

    def held(self) -> list[tuple[int, int]]:
        self._flush()
        return [_claim(tag) for tag in list(self._delivered)]


class Channel(virtual.Channel):
    QoS = QoS
    supports_fanout = False
    do_restore = True

    def __init__(self, connection: Any, **kwargs: Any) -> None:
        super().__init__(connection, **kwargs)
        self.leases: LeaseQueue = connection.leases
        self._renewed_at = time.monotonic()

    def drain_events(self, timeout: float | None = None, callback: Any = None) -> Any:
        """Renew what is held, then look for more.

        The worker's loop comes here every moment, also while all its hands are full: a job may
        take longer than its lease as long as its worker lives.
        """
        if time.monotonic() - self._renewed_at > self.leases.lease / 3:
            held: QoS = self.qos
            self.leases.extend(held.held())
            self._renewed_at = time.monotonic()
        return super().drain_events(timeout=timeout, callback=callback)

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        claim = self.leases.claim(queue)
        if claim is None:
            raise Empty
        message: dict[str, Any] = json.loads(claim.body)
        message["properties"]["delivery_tag"] = f"{claim.id}:{claim.number}"
        return message

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        delay = message["properties"].get("delay_seconds", 0)
        self.leases.put(queue, json.dumps(message), delay=delay)

    def _restore(self, message: Any) -> None:
        self.leases.release(*_claim(message.delivery_tag))

    _restore_at_beginning = _restore

    def _size(self, queue: str) -> int:
        return self.leases.size(queue)

    def _purge(self, queue: str) -> int:
        return self.leases.purge(queue)

    def _delete(self, queue: str, *args: Any, **kwargs: Any) -> None:
        self.leases.purge(queue)

    def _has_queue(self, queue: str, **kwargs: Any) -> bool:
        return True


class Transport(virtual.Transport):
    Channel = Channel
    driver_type = "lease"
    driver_name = "lease"
    # What kombu tells the sender as its own OperationalError: a full disk, a lock too long held.
    connection_errors = (*virtual.Transport.connection_errors, sqlite3.Error)
    polling_interval = 0.01  # seconds between looks at an empty queue: a SELECT that takes no lock

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        lease = float(client.transport_options.get("lease", DEFAULT_LEASE))
        # kombu takes the leading slash off the URL's path.
        self.leases = LeaseQueue(Path("/", client.virtual_host), lease=lease, times=times)

    def driver_version(self) -> str:
        return "1"


def times(queue: str) -> int:
    """How often a job of a queue may be taken; queues of others are as the first of ours."""
    return QUEUES.get(queue, QUEUES["default"]).times


def _claim(delivery_tag: str) -> tuple[int, int]:
    claim_id, _, number = delivery_tag.partition(":")
    return int(claim_id), int(number)
