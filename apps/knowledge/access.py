"""The row, or the same error for hidden and absent."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

from apps.kernel.actors import Actor
from apps.kernel.errors import NotFoundError
from apps.knowledge import policies
from apps.knowledge.models import Article, ArticleImage, KnowledgeCategory, Revision

Row = TypeVar("Row", bound=Model)


def article_by_slug(slug: str, actor: Actor) -> Article:
    rows = Article.objects.visible_to(actor).filter(slug=slug)
    return _one(rows.select_related("category__parent", "live", "current"))


def article_by_id(pk: int, actor: Actor) -> Article:
    rows = Article.objects.visible_to(actor).filter(pk=pk)
    return _one(rows.select_related("category", "owner", "live", "current__author", "translates"))


def revision_of(article: Article, number: int) -> Revision:
    """One revision of an article that its writer may see."""
    return _one(Revision.objects.filter(article=article, number=number).select_related("author"))


def category_by_slug(slug: str) -> KnowledgeCategory:
    return _one(KnowledgeCategory.objects.filter(slug=slug).select_related("parent"))


def image_by_ref(ref: str, actor: Actor) -> ArticleImage:
    image = _one(ArticleImage.objects.filter(ref=ref).select_related("article__live"))
    if not policies.can_see_image(actor, image):
        raise NotFoundError
    return image


def _one(rows: QuerySet[Row]) -> Row:
    row = rows.first()
    if row is None:
        raise NotFoundError
    return row
