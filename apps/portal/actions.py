"""Whether an article spared its reader a request. What counts stands in ADR 24."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction

from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError
from apps.knowledge import actions as knowledge
from apps.portal.events import ArticleDeflected
from apps.portal.models import Deflection
from apps.portal.querysets import DeflectionQuerySet
from apps.tickets.models import Ticket

WINDOW = timedelta(days=1)  # who asks within it was not helped by the article


@transaction.atomic
def note_opening(*, visit: uuid.UUID, article_id: int, actor: Actor, now: datetime) -> Deflection:
    """The actor opened a suggested article; twice in a visit is once."""
    if actor.id is None:
        raise ForbiddenError
    found, _ = Deflection.objects.get_or_create(
        visit=visit, reader_id=actor.id, article_id=article_id, defaults={"opened_at": now}
    )
    return found


@transaction.atomic
def say_answered(*, visit: uuid.UUID, article_id: int, actor: Actor, now: datetime) -> Deflection:
    """The actor says that the article answered them: their visit ends, and counts once."""
    opening = note_opening(visit=visit, article_id=article_id, actor=actor, now=now)
    rows = list(_visit(opening).select_for_update())
    counted = any(row.outcome == Deflection.Outcome.SAID for row in rows)
    if not counted and not _asked(opening, until=now):
        _settle(rows, opening, Deflection.Outcome.SAID, actor=actor, now=now)
    return opening


@transaction.atomic
def settle(*, opening: Deflection, actor: Actor, now: datetime) -> None:
    """A day later: whoever asked nothing since was helped by what they read last."""
    rows = list(_visit(opening).filter(settled_at=None).select_for_update())
    if not rows:
        return
    last = max(rows, key=lambda row: (row.opened_at, row.pk))
    if now < last.opened_at + WINDOW:
        return
    asked = _asked(last, until=last.opened_at + WINDOW)
    helped = None if asked else last
    _settle(rows, helped, Deflection.Outcome.LEFT, actor=actor, now=now)


def forget_person(reader_id: int) -> None:
    Deflection.objects.filter(reader=reader_id).delete()


def _visit(opening: Deflection) -> DeflectionQuerySet:
    return Deflection.objects.filter(visit=opening.visit, reader=opening.reader_id)


def _asked(opening: Deflection, *, until: datetime) -> bool:
    """Whether the reader raised anything in this visit, or at all since they opened it."""
    since = Ticket.objects.raised_by(opening.reader_id)
    return since.filter(raised_at__gte=opening.opened_at, raised_at__lte=until).exists()


def _settle(
    rows: list[Deflection],
    helped: Deflection | None,
    outcome: Deflection.Outcome,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    for row in rows:
        is_it = helped is not None and row.pk == helped.pk
        row.outcome = outcome if is_it else Deflection.Outcome.PASSED
        row.settled_at = now
        row.save(update_fields=["outcome", "settled_at"])
    if helped is None:
        return
    knowledge.count_spared(article_id=helped.article_id)
    fact = ArticleDeflected(
        subject=f"deflection:{helped.pk}",
        article_id=helped.article_id,
        reader_id=helped.reader_id,
        said=outcome == Deflection.Outcome.SAID,
    )
    journal.record(fact, actor=actor, now=now)
