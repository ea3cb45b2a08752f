from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from apps.events import journal
from apps.kernel.actors import Actor
from apps.knowledge import events, policies
from apps.knowledge.actions import rows
from apps.knowledge.errors import DateRefusedError
from apps.knowledge.models import Article


@transaction.atomic
def set_review(
    *,
    article: Article,
    review_on: date | None,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> Article:
    """The article was looked through and is right; it is to be looked through again on that day."""
    article = rows.lock(
        article,
        actor=actor,
        may=lambda who, _what: policies.can_write(who),
        expected_version=expected_version,
    )
    if review_on is not None and review_on <= now.date():
        raise DateRefusedError("Choose a day after today.")
    article.review_on, article.reviewed_at, article.review_told_at = review_on, now, None
    rows.save(article, "review_on", "reviewed_at", "review_told_at", now=now)
    fact = events.ArticleReviewed(
        subject=events.subject_of(article.pk),
        review_on=review_on.isoformat() if review_on else None,
    )
    journal.record(fact, actor=actor, now=now)
    return article


@transaction.atomic
def tell_review(*, article: Article, actor: Actor, now: datetime) -> Article:
    """Record, once a date, that the article is to be looked through."""
    article = rows.lock(article, actor=actor, may=lambda who, _what: who.is_system)
    due = article.review_on is not None and article.review_on <= now.date()
    if not due or article.review_told_at is not None:
        return article
    assert article.review_on is not None
    article.review_told_at = now
    article.save(update_fields=["review_told_at"])  # no news for whoever edits
    fact = events.ArticleReviewDue(
        subject=events.subject_of(article.pk),
        owner_id=article.owner_id,
        review_on=article.review_on.isoformat(),
    )
    journal.record(fact, actor=actor, now=now)
    return article
