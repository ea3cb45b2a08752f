"""The embedded broker: Celery's queue in one SQLite file, safe against `kill -9` (ADR 4).

BROKER_URL=lease://localhost/absolute/path/to/jobs.sqlite3
"""

from __future__ import annotations

from kombu.transport import TRANSPORT_ALIASES


def register() -> None:
    """Teach kombu the scheme `lease:`."""
    TRANSPORT_ALIASES["lease"] = "apps.ops.broker.transport:Transport"
