"""Every service that the desk has behind a port."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from apps.accounts.identity import identity
from apps.events.bus import bus
from apps.events.stream import stream
from apps.insights.figures import figures
from apps.kernel.ports import Port
from apps.kernel.scanning import scanner
from apps.kernel.tracing import tracer
from apps.mail.inbox import inbox
from apps.notifications.carrying import carrier
from apps.notifications.outbox import outbox
from apps.ops.dead_jobs import dead_jobs, dead_messages
from apps.ops.metrics import sinks
from apps.search.index import index

PORTS: tuple[Port[Any], ...] = (
    identity, bus, stream, figures, scanner, inbox, carrier, outbox, dead_jobs, dead_messages,
    index, sinks, tracer,
)  # fmt: skip


def build_all() -> None:
    """Raises ImproperlyConfigured for a URL that no adapter takes. None is connected to."""
    for port in PORTS:
        port.build(getattr(settings, port.setting))
