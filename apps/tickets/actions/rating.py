from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.events import journal
from apps.kernel.actors import Actor
from apps.tickets import events, policies, ratings
from apps.tickets.actions import rows
from apps.tickets.errors import RatingClosedError, RatingRefusedError
from apps.tickets.models import Rating, Score, Ticket

COMMENT_LIMIT = 2_000  # characters


@transaction.atomic
def ask_for_rating(*, ticket: Ticket, actor: Actor, now: datetime) -> None:
    """Have the requester asked, once a solving; not if they said it already."""
    ticket = rows.lock(ticket, actor=actor, may=policies.can_work)
    solved_at = ratings.solving(ticket, now=now)
    if solved_at is None:
        return
    rating, created = Rating.objects.get_or_create(
        ticket=ticket, solved_at=solved_at, defaults={"requested_at": now}
    )
    if created:
        fact = events.RatingRequested(subject=events.subject_of(ticket.pk), rating_id=rating.pk)
        journal.record(fact, actor=actor, now=now)


@transaction.atomic
def rate(
    *,
    ticket: Ticket,
    score: int,
    actor: Actor,
    now: datetime,
    comment: str = "",
    solved_at: datetime | None = None,
) -> Rating:
    """What the requester thought of the solving; the same again changes nothing.

    `solved_at` names the solving that they were asked about: a later one is another question.
    Raises RatingClosedError, RatingRefusedError.
    """
    ticket = rows.lock(ticket, actor=actor, may=policies.can_rate)
    comment = comment.replace("\0", "").encode(errors="ignore").decode().strip()
    if score not in Score.values or len(comment) > COMMENT_LIMIT:
        raise RatingRefusedError
    current = ratings.solving(ticket, now=now)
    if current is None or (solved_at is not None and solved_at != current):
        raise RatingClosedError
    rating, _ = Rating.objects.get_or_create(ticket=ticket, solved_at=current)
    if not ratings.may_change(rating, now=now):
        raise RatingClosedError
    if (rating.score, rating.comment) == (score, comment):
        return rating
    is_change = rating.given_at is not None
    rating.score, rating.comment = score, comment
    rating.given_at, rating.changed_at = rating.given_at or now, now
    rating.save(update_fields=["score", "comment", "given_at", "changed_at"])
    fact = events.RatingGiven(
        subject=events.subject_of(ticket.pk),
        rating_id=rating.pk,
        score=score,
        has_comment=bool(comment),
        is_change=is_change,
        team_id=ticket.team_id,
        assignee_id=ticket.assignee_id,
    )
    journal.record(fact, actor=actor, now=now)
    return rating
