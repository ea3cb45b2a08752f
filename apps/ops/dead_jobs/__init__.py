"""What was given up: whatever the broker is, staff read it, put it back or drop it.

Jobs that workers failed with, and on AWS also messages that the worker tier refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import DomainError
from apps.kernel.ports import Port

MOST = 100  # are shown at once


class UnavailableError(DomainError):
    code = "jobs.unavailable"
    status = 503
    message: ClassVar[str | Promise] = _(
        "The queue service can't be reached. Nothing is lost: try again in a moment."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadJob:
    """`key` names it to the broker, `job_id` to Celery; `times` is how often it was taken.

    Of a message `task` is its kind (apps.events.inbox), and `arguments` all that it says.
    """

    key: str
    job_id: str
    task: str
    queue: str
    arguments: str
    sent_at: datetime | None
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Up to MOST jobs, oldest first, of `total`."""

    jobs: list[DeadJob]
    total: int


class DeadJobs(Protocol):
    """Each method raises UnavailableError where the broker is away."""

    possible: bool  # whether anything can ever be given up here

    def read(self) -> Found: ...

    def count(self) -> int:
        """How many there are, without looking at any."""

    def retry(self, keys: Collection[str]) -> Iterator[DeadJob]:
        """Put these back into their queues, with a clean slate, and give each as it is done.

        Killed in between, one may stand in both places: it runs twice, and is never lost.
        """

    def drop(self, keys: Collection[str]) -> Iterator[DeadJob]:
        """Forget these undone, and give each as it is gone."""


dead_jobs = Port[DeadJobs](
    "BROKER_URL",
    {
        "lease": "apps.ops.dead_jobs.embedded.EmbeddedDeadJobs",
        "sqs": "apps.ops.dead_jobs.sqs.SqsDeadJobs",
        "sqs+http": "apps.ops.dead_jobs.sqs.SqsDeadJobs",
    },
)
dead_messages = Port[DeadJobs](
    "BROKER_URL",
    {
        "lease": "apps.ops.dead_jobs.embedded.NoDeadMessages",
        "sqs": "apps.ops.dead_jobs.sqs.SqsDeadMessages",
        "sqs+http": "apps.ops.dead_jobs.sqs.SqsDeadMessages",
    },
)
