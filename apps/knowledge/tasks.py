"""Chores about articles; apps.ops.chores says when they run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from apps.events.jobs import chore
from apps.kernel import uploads
from apps.kernel.actors import SYSTEM
from apps.kernel.errors import DomainError
from apps.kernel.storage import store
from apps.knowledge import actions, pictures
from apps.knowledge.models import Article, ArticleImage
from apps.knowledge.querysets import ArticleQuerySet

logger = logging.getLogger(__name__)

BATCH = 200  # the rest waits for the chore's next turn


@chore
def publish_due() -> None:
    """Publish what was scheduled for a time that has come."""
    now = timezone.now()
    _each(
        Article.objects.due(now=now),
        lambda article: actions.publish_due(article=article, actor=SYSTEM, now=now),
    )


@chore
def tell_reviews() -> None:
    """Tell owners of articles whose review date has come."""
    now = timezone.now()
    _each(
        Article.objects.to_review(today=now.date()).untold().order_by("review_on", "pk"),
        lambda article: actions.tell_review(article=article, actor=SYSTEM, now=now),
    )


def _each(articles: ArticleQuerySet, act: Callable[[Article], object]) -> None:
    """One transaction an article: a refusal leaves the others alone."""
    for article in articles[:BATCH]:
        try:
            act(article)
        except DomainError as error:
            logger.info(
                "chore left an article alone", extra={"article": article.pk, "why": error.code}
            )


@chore
def discard_orphans() -> None:
    """Delete stored pictures that no article names: uploads whose action failed, a day later."""
    for key in uploads.stored_before(pictures.FOLDER, timezone.now() - timedelta(days=1)):
        if not ArticleImage.objects.filter(key=key).exists():
            store().delete(key)
            logger.info("orphaned picture deleted", extra={"key": key})
