from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import NotFoundError
from apps.kernel.uploads import INLINE_TYPES, StoredFile
from apps.knowledge import events, policies
from apps.knowledge.actions import rows
from apps.knowledge.errors import ImageRefusedError, StateRefusedError
from apps.knowledge.models import Article, ArticleImage


def _may_write(actor: Actor, _article: Article) -> bool:
    return policies.can_write(actor)


@transaction.atomic
def add_image(*, article: Article, stored: StoredFile, actor: Actor, now: datetime) -> ArticleImage:
    """A picture that the article's texts may show. Raises ImageRefusedError for anything else."""
    article = rows.lock(article, actor=actor, may=_may_write)
    if stored.content_type not in INLINE_TYPES:
        raise ImageRefusedError(
            f"“{stored.name}” is no picture that can be shown. Use PNG, JPEG, GIF or WebP.",
            name=stored.name,
        )
    image = ArticleImage.objects.create(
        article=article,
        key=stored.key,
        name=stored.name,
        content_type=stored.content_type,
        size=stored.size,
        sha256=stored.sha256,
        author_id=None if actor.is_system else actor.id,
        created_at=now,
    )
    fact = events.ArticleImageAdded(
        subject=events.subject_of(article.pk),
        image_id=image.pk,
        content_type=image.content_type,
        size=image.size,
    )
    journal.record(fact, actor=actor, now=now)
    return image


@transaction.atomic
def remove_image(*, image: ArticleImage, actor: Actor, now: datetime) -> None:
    """Delete a picture for good, from earlier revisions too; not one that readers see."""
    article = rows.lock(image.article, actor=actor, may=_may_write)
    row = ArticleImage.objects.filter(pk=image.pk).first()
    if row is None:
        raise NotFoundError
    if article.state == Article.State.PUBLISHED and article.live and row.ref in article.live.html:
        raise StateRefusedError("Readers see this picture. Publish a text without it first.")
    fact = events.ArticleImageRemoved(
        subject=events.subject_of(article.pk), image_id=row.pk, key=row.key
    )
    row.delete()
    journal.record(fact, actor=actor, now=now)
