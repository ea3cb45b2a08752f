"""Record facts. Delivering them is the relay's business (apps.events.relay)."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from apps.events import witnesses
from apps.events.bus import bus
from apps.events.envelope import Envelope, current_cause
from apps.events.facts import Fact
from apps.events.models import Delivery, Event
from apps.events.registry import subscribers_of
from apps.kernel.actors import Actor
from apps.kernel.compiled import Asked, Compiled
from apps.kernel.noting import note_subject
from apps.kernel.tracing import tracer


def record(fact: Fact, *, actor: Actor, now: datetime) -> Envelope:
    """Store a fact and one delivery per hearer, in the caller's transaction.

    The caller holds a lock on the fact's subject (actions lock their row first), so ids of one
    subject's events grow in the order in which they become visible: order per subject rests on it.
    Raises RuntimeError outside a transaction, TypeError for a value that isn't plain.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{fact.name} must be recorded in the transaction that made it true")
    note_subject(fact.subject)
    cause = current_cause()
    event = Event.objects.create(
        name=fact.name,
        version=fact.version,
        subject=fact.subject,
        actor_kind=actor.kind,
        actor_id=actor.id,
        causation_id=cause.event_id,
        correlation_id=cause.correlation_id,
        traceparent=tracer.get().traceparent(),
        depth=cause.depth,
        data=fact.data(),
        occurred_at=now,
        recorded_at=timezone.now(),
    )
    Delivery.objects.bulk_create(
        Delivery(event=event, subscriber=key, subject=fact.subject, due_at=now)
        for key in (*subscribers_of(fact.name), *bus.get().outside)
    )
    recorded = envelope(event)
    witnesses.announce(recorded)
    return recorded


def past_event(
    fact: Fact, *, pk: int, actor: Actor, at: datetime, correlation_id: uuid.UUID
) -> Event:
    """A fact of long ago as a row, not stored: for loading a history whose deliveries are done."""
    return Event(
        pk=pk,
        name=fact.name,
        version=fact.version,
        subject=fact.subject,
        actor_kind=actor.kind,
        actor_id=actor.id,
        correlation_id=correlation_id,
        depth=0,
        data=fact.data(),
        occurred_at=at,
        recorded_at=at,
    )


def history(subject: str, *, limit: int, names: Collection[str] = ()) -> list[Envelope]:
    """The newest facts about a subject, newest first; of these names, if any. One query."""
    if not names:
        return [envelope(row) for row in _history(limit)(subject)]
    rows = Event.objects.filter(subject=subject, name__in=names)
    return [envelope(row) for row in rows.order_by("-id")[:limit]]


def asked_history(subject: str, *, limit: int) -> Asked:
    """The question of `history`, for whoever asks it together with others: rows for `envelope`."""
    return _history(limit).asked(subject)


@functools.cache
def _history(limit: int) -> Compiled[Event]:
    return Compiled(lambda subject: Event.objects.filter(subject=subject).order_by("-id")[:limit])


def read(event_id: int) -> Envelope:
    """One fact. Raises LookupError where there is none."""
    row = Event.objects.filter(pk=event_id).first()
    if row is None:
        raise LookupError(f"there is no fact {event_id}")
    return envelope(row)


def latest(subjects: Collection[str]) -> dict[str, int]:
    """The newest fact's id for each subject that has any. One query, out of the index alone."""
    rows = Event.objects.filter(subject__in=subjects).order_by().values_list("subject")
    return dict(rows.annotate(latest=Max("id")))


def position() -> int:
    """The newest fact's id. Facts with lower ids may still be on their way to their commit."""
    return Event.objects.aggregate(latest=Max("id"))["latest"] or 0


def subjects_since(position: int) -> set[str]:
    """Whom facts later than a position are about."""
    rows = Event.objects.filter(pk__gt=position).order_by()
    return set(rows.values_list("subject", flat=True).distinct())


def envelope(event: Event) -> Envelope:
    return Envelope(
        id=event.pk,
        name=event.name,
        version=event.version,
        subject=event.subject,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        actor_kind=event.actor_kind,
        actor_id=event.actor_id,
        causation_id=event.causation_id,
        correlation_id=event.correlation_id,
        depth=event.depth,
        data=event.data,
        traceparent=event.traceparent,
    )
