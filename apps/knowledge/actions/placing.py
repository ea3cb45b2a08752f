from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError
from apps.knowledge import events, policies
from apps.knowledge.actions import rows
from apps.knowledge.errors import (
    CategoryMissingError,
    CategoryRefusedError,
    LinkRefusedError,
    TranslationRefusedError,
)
from apps.knowledge.models import Article, ArticleLink, KnowledgeCategory

_TARGET = re.compile(r"[a-z]{1,20}:[0-9]{1,19}")


@transaction.atomic
def place(
    *,
    article: Article,
    category: KnowledgeCategory | None,
    audience: str,
    language: str,
    translates: Article | None,
    owner: User | None,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> Article:
    """Say where an article stands, who reads it, in which language, and who looks after it."""
    article = rows.lock(
        article, actor=actor, may=policies.can_file, expected_version=expected_version
    )
    before = rows.counted_in(article)
    wanted = {
        "category_id": category.pk if category else None,
        "audience": Article.Audience(audience),
        "language": language,
        "translates_id": translates.pk if translates else None,
        "owner_id": owner.pk if owner else None,
    }
    changed = [name for name, value in wanted.items() if getattr(article, name) != value]
    if not changed:
        return article
    for name in changed:
        setattr(article, name, wanted[name])
    if category is None and article.state in {Article.State.PUBLISHED, Article.State.SCHEDULED}:
        raise CategoryMissingError
    check_translation(article)
    rows.save(article, *changed, now=now)
    rows.recount(before, rows.counted_in(article))
    fact = events.ArticleUpdated(
        subject=events.subject_of(article.pk),
        changed=tuple(name.removesuffix("_id") for name in changed),
        audience=article.audience,
    )
    journal.record(fact, actor=actor, now=now)
    return article


def check_translation(article: Article) -> None:
    """Translations belong to an original in another language. Raises TranslationRefusedError."""
    original = article.translates
    if original is None:
        return
    has_own = article.pk is not None and Article.objects.filter(translates=article).exists()
    if original.translates_id is not None or original.language == article.language or has_own:
        raise TranslationRefusedError


def link(*, article: Article, target: str, actor: Actor, now: datetime) -> Article:
    """The article helped with `target`, such as "ticket:42"."""
    return _link(article, target, removed=False, actor=actor, now=now)


def unlink(*, article: Article, target: str, actor: Actor, now: datetime) -> Article:
    return _link(article, target, removed=True, actor=actor, now=now)


@transaction.atomic
def _link(article: Article, target: str, *, removed: bool, actor: Actor, now: datetime) -> Article:
    article = rows.lock(article, actor=actor, may=lambda who, _what: policies.can_write(who))
    if not _TARGET.fullmatch(target):
        raise LinkRefusedError
    links = ArticleLink.objects.filter(article=article, target=target)
    if links.exists() != removed:
        return article
    if removed:
        links.delete()
    else:
        ArticleLink.objects.create(
            article=article, target=target, added_by_id=actor.id, created_at=now
        )
    fact = events.ArticleLinked(
        subject=events.subject_of(article.pk), target=target, removed=removed
    )
    journal.record(fact, actor=actor, now=now)
    return article


@transaction.atomic
def save_category(
    *,
    category: KnowledgeCategory | None,
    name: str,
    slug: str,
    parent: KnowledgeCategory | None,
    description: str,
    icon: str,
    position: int,
    actor: Actor,
    now: datetime,
) -> KnowledgeCategory:
    """Make a category of articles, or change one. Raises CategoryRefusedError for a third level."""
    if not policies.can_publish(actor):
        raise ForbiddenError
    row = category or KnowledgeCategory()
    check_levels(row, parent)
    row.name, row.slug, row.parent = rows.one_line(name), slug, parent
    row.description, row.icon, row.position = description, icon, position
    row.save()
    fact = events.ShelfChanged(
        subject=f"shelf:{row.pk}", slug=slug, parent_id=parent.pk if parent else None
    )
    journal.record(fact, actor=actor, now=now)
    return row


def check_levels(category: KnowledgeCategory, parent: KnowledgeCategory | None) -> None:
    """Raises CategoryRefusedError if categories would stand on more than two levels."""
    if parent is None:
        return
    has_own = category.pk is not None and KnowledgeCategory.objects.filter(parent=category).exists()
    if parent.parent_id is not None or parent.pk == category.pk or has_own:
        raise CategoryRefusedError
