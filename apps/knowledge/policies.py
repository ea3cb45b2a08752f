"""Who may do what to an article. Pages, admin and search all ask here."""

from __future__ import annotations

from apps.accounts.permissions import Permission
from apps.kernel.actors import Actor
from apps.knowledge.models import Article, ArticleImage


def can_view(actor: Actor, article: Article) -> bool:
    """The same answer as ArticleQuerySet.visible_to for one row; a test proves it."""
    return can_write(actor) or can_find(actor, article)


def can_find(actor: Actor, article: Article) -> bool:
    """The same answer as ArticleQuerySet.readable_by for one row."""
    if article.state != Article.State.PUBLISHED:
        return False
    return article.audience == Article.Audience.PUBLIC or actor.can(Permission.WORK_TICKETS)


def can_write(actor: Actor) -> bool:
    """Draft and revise any article: knowledge belongs to the whole desk."""
    return actor.can(Permission.WRITE_ARTICLES)


def can_publish(actor: Actor) -> bool:
    """Decide what readers see, and where."""
    return actor.can(Permission.PUBLISH_ARTICLES)


def can_file(actor: Actor, article: Article) -> bool:
    """Change category, audience, language or owner: where readers see it, that is publishing."""
    in_sight = article.state in {Article.State.PUBLISHED, Article.State.SCHEDULED}
    return can_publish(actor) if in_sight else can_write(actor)


def can_rate(actor: Actor, article: Article) -> bool:
    """Whoever can find it; the desk itself has no opinion."""
    return not actor.is_system and can_find(actor, article)


def can_see_image(actor: Actor, image: ArticleImage) -> bool:
    """Readers see the images of what they read, not those of a draft that is still ahead."""
    if can_write(actor):
        return True
    live = image.article.live
    return can_find(actor, image.article) and live is not None and image.ref in live.html
