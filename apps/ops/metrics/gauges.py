"""How the desk stands now: what only the database and the broker know. Each is one cheap query."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db.models import Min, QuerySet, Sum

from apps.desk.models import Tally
from apps.events import delivering
from apps.kernel.errors import DomainError
from apps.notifications.models import OutgoingMail
from apps.ops import health
from apps.ops.dead_jobs import dead_jobs
from apps.tickets.models import Ticket

logger = logging.getLogger(__name__)


def measure(*, now: datetime) -> dict[str, float]:
    """By the names of the table. What can't be measured now is left out: a gap says so."""
    found: dict[str, float] = {}
    for name, look in _LOOKS.items():
        try:
            found[name] = look(now)
        except DomainError as error:
            logger.warning("%s can't be measured: %s", name, error)
    return found


def _age(moment: datetime | None, now: datetime) -> float:
    """Seconds; nothing waits: none."""
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0


def _oldest(rows: QuerySet[Ticket] | QuerySet[OutgoingMail], column: str) -> datetime | None:
    oldest: datetime | None = rows.order_by().aggregate(oldest=Min(column))["oldest"]
    return oldest


def _unanswered(now: datetime) -> float:
    waiting = Ticket.objects.active().filter(waiting_since__isnull=False)
    return _age(_oldest(waiting, "waiting_since"), now)


def _backlog(_now: datetime) -> float:
    return float(Tally.objects.aggregate(open=Sum("count", default=0))["open"])


def _mail(now: datetime) -> float:
    return _age(_oldest(OutgoingMail.objects.due(now=now), "due_at"), now)


_LOOKS: dict[str, Callable[[datetime], float]] = {
    "Backlog": _backlog,
    "OldestUnanswered": _unanswered,
    "JournalLag": lambda now: _age(delivering.oldest_due(now=now), now),
    "StreamLag": lambda now: _age(delivering.oldest_unstreamed(), now),
    "ParkedDeliveries": lambda _: float(delivering.parked()),
    "DeadJobs": lambda _: float(dead_jobs.get().count()),
    "MailLag": _mail,
    "DegradedParts": lambda _: float(len(health.health().degraded)),
}
