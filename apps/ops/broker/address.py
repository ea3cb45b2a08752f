"""Where the queues of SQS are.

BROKER_URL=sqs://sqs.eu-central-1.amazonaws.com/123456789012/tendril-production-
BROKER_URL=sqs+http://127.0.0.1:4566/000000000000/tendril-local-   (a local AWS)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult

from django.core.exceptions import ImproperlyConfigured

DEAD = "dead"  # where SQS puts what was taken too often
# The worker tier's own, which sqsd reads, and what it refused so many times.
WORKER, DEAD_MESSAGES, WORKER_TIMES = "worker", "worker-dead", 10

_SCHEMES = {"sqs": "https", "sqs+http": "http"}
_PATH = re.compile(r"/(?P<account>\d{12})/(?P<prefix>[A-Za-z0-9_-]{0,60})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The account's queues whose names begin with the prefix."""

    endpoint: str
    account: str
    prefix: str

    def queue(self, name: str) -> str:
        """The queue's URL."""
        return f"{self.endpoint}/{self.account}/{self.prefix}{name}"


def read(location: SplitResult) -> Address:
    """Raises ImproperlyConfigured, saying how the URL is written."""
    found = _PATH.fullmatch(location.path)
    if found is None or not location.hostname or location.query:
        raise ImproperlyConfigured(
            f"BROKER_URL={location.geturl()!r}: write it as sqs://HOST/ACCOUNT/PREFIX, such as"
            " sqs://sqs.eu-central-1.amazonaws.com/123456789012/tendril-production-"
        )
    return Address(
        endpoint=f"{_SCHEMES[location.scheme]}://{location.netloc}",
        account=found["account"],
        prefix=found["prefix"],
    )
