from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from apps.accounts.permissions import Permission
from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError
from apps.knowledge import events, policies
from apps.knowledge.actions import rows
from apps.knowledge.models import Article, Feedback

COMMENT_LIMIT = 2000  # characters


def count_view(*, article: Article, actor: Actor) -> None:
    """One more reader. Staff don't count: they open articles to work on them. It is no fact."""
    if policies.can_find(actor, article) and not actor.can(Permission.WORK_TICKETS):
        Article.objects.filter(pk=article.pk).update(views=F("views") + 1)


def count_spared(*, article_id: int) -> None:
    """It answered somebody who was about to ask. The fact is whoever's who saw it."""
    Article.objects.filter(pk=article_id).update(spared=F("spared") + 1)


@transaction.atomic
def rate(
    *,
    article: Article,
    is_helpful: bool,
    actor: Actor,
    now: datetime,
    comment: str = "",
    browser: str = "",
) -> Feedback:
    """Whether it helped this reader; said again, it replaces what they said before.

    `browser` names the session of a reader whom we don't know.
    """
    article = rows.lock(article, actor=actor, may=policies.can_rate)
    if not actor.is_known and not browser:
        raise ForbiddenError
    words = comment.replace("\0", "").encode(errors="ignore").decode().strip()[:COMMENT_LIMIT]
    mine = {"user_id": actor.id, "browser": "" if actor.is_known else browser}
    before = Feedback.objects.filter(article=article, **mine).first()
    if before is None:
        row = Feedback.objects.create(
            article=article,
            is_helpful=is_helpful,
            comment=words,
            created_at=now,
            updated_at=now,
            **mine,
        )
    else:
        if (before.is_helpful, before.comment) == (is_helpful, words):
            return before
        _count(article, before.is_helpful, -1)
        row = before
        row.is_helpful, row.comment, row.updated_at = is_helpful, words, now
        row.save(update_fields=["is_helpful", "comment", "updated_at"])
    _count(article, is_helpful, 1)
    fact = events.ArticleRated(
        subject=events.subject_of(article.pk),
        feedback_id=row.pk,
        is_helpful=is_helpful,
        has_comment=bool(words),
        is_changed=before is not None,
    )
    journal.record(fact, actor=actor, now=now)
    return row


def _count(article: Article, is_helpful: bool, step: int) -> None:
    field = "helpful" if is_helpful else "unhelpful"
    Article.objects.filter(pk=article.pk).update(**{field: F(field) + step})
