"""Where jobs wait: in one SQLite file, safe against `kill -9` (ADR 4), or on SQS (ADR 35).

BROKER_URL=lease://localhost/absolute/path/to/jobs.sqlite3
BROKER_URL=sqs://host/account/prefix
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from kombu.transport import TRANSPORT_ALIASES

from apps.kernel import aws
from apps.ops.broker import address
from apps.ops.broker.queues import QUEUES

SCHEMES = ("lease", "sqs", "sqs+http")


def register() -> None:
    """Teach kombu our transports."""
    TRANSPORT_ALIASES["lease"] = "apps.ops.broker.transport:Transport"
    TRANSPORT_ALIASES["sqs"] = "apps.ops.broker.sqs:Transport"


def connection(url: str, *, lease: int) -> tuple[str, dict[str, Any]]:
    """Celery's own URL of a broker, and the options of its transport.

    `lease` in seconds is the embedded broker's. Raises ImproperlyConfigured. Celery's command line
    reads BROKER_URL itself: the transport for SQS takes nothing from its URL but the scheme.
    """
    parts = urlsplit(url)
    if parts.scheme == "lease":
        return url, {"lease": lease}
    at = address.read(parts)
    return f"sqs://{parts.netloc}{parts.path}", {
        "endpoint": at.endpoint,
        "predefined_queues": {name: {"url": at.queue(name)} for name in QUEUES},
        "visibility": {name: terms.visibility for name, terms in QUEUES.items()},
        # SQS holds the question open: an idle worker asks each queue three times a minute.
        "wait_time_seconds": 20,
        # How soon a worker with full hands looks whether one is free: a look that asks nobody.
        "polling_interval": 0.02,
    }


def check(options: Mapping[str, Any]) -> None:
    """Whether a process may ask at all, without asking. Raises ImproperlyConfigured."""
    if "endpoint" in options:
        aws.client("sqs", endpoint=options["endpoint"])
