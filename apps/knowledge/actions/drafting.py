from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError
from apps.knowledge import events, policies
from apps.knowledge.actions import rows
from apps.knowledge.actions.placing import check_translation
from apps.knowledge.models import Article, KnowledgeCategory, Revision

_SLUG_LIMIT = 100  # characters


@transaction.atomic
def draft(
    *,
    title: str,
    source: str,
    actor: Actor,
    now: datetime,
    summary: str = "",
    origin: str = "",
    category: KnowledgeCategory | None = None,
    audience: str = Article.Audience.PUBLIC,
    language: str = "en",
    translates: Article | None = None,
    note: str = "",
) -> Article:
    """A new article that only writers see. `origin` says what it was written for: "ticket:42"."""
    if not policies.can_write(actor):
        raise ForbiddenError
    text = rows.clean(title, summary, source)
    article = Article(
        title=text.title,
        summary=text.summary,
        category=category,
        audience=Article.Audience(audience),
        language=language,
        translates=translates,
        owner_id=None if actor.is_system else actor.id,
        origin=origin,
        created_at=now,
        updated_at=now,
    )
    check_translation(article)
    _store(article)
    article.current = rows.write_revision(article, text, note=note, actor=actor, now=now)
    article.save(update_fields=["current"])
    fact = events.ArticleDrafted(
        subject=events.subject_of(article.pk),
        revision_id=article.current.pk,
        audience=article.audience,
        language=article.language,
        origin=origin,
    )
    journal.record(fact, actor=actor, now=now)
    return article


def _store(article: Article) -> None:
    """Insert it under a name made of its title; with some of its ref, if that name is taken."""
    name = slugify(article.title)[:_SLUG_LIMIT].strip("-") or "article"
    article.slug = name
    try:
        with transaction.atomic():
            article.save(force_insert=True)
    except IntegrityError:
        article.slug = f"{name}-{article.ref[:8]}"
        article.save(force_insert=True)


@transaction.atomic
def revise(
    *,
    article: Article,
    title: str,
    source: str,
    actor: Actor,
    now: datetime,
    summary: str = "",
    note: str = "",
    expected_version: int | None = None,
) -> Article:
    """The next revision; readers see it once it is published. The same text again is none.

    Raises StaleArticleError if somebody else revised it since `expected_version`.
    """
    article = _lock(article, actor, expected_version)
    text = rows.clean(title, summary, source)
    return _revise(article, text, note=note, restored=None, actor=actor, now=now)


@transaction.atomic
def restore(
    *,
    article: Article,
    revision: Revision,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> Article:
    """A new revision with the text of an earlier one: nothing that came between is lost."""
    article = _lock(article, actor, expected_version)
    if revision.article_id != article.pk:
        raise ForbiddenError
    text = rows.clean(revision.title, revision.summary, revision.source)
    note = f"Revision {revision.number} again"
    return _revise(article, text, note=note, restored=revision, actor=actor, now=now)


def _lock(article: Article, actor: Actor, expected_version: int | None) -> Article:
    return rows.lock(
        article,
        actor=actor,
        may=lambda who, _what: policies.can_write(who),
        expected_version=expected_version,
    )


def _revise(
    article: Article,
    text: rows.Text,
    *,
    note: str,
    restored: Revision | None,
    actor: Actor,
    now: datetime,
) -> Article:
    newest = article.current
    if newest and text == rows.Text(
        title=newest.title, summary=newest.summary, source=newest.source
    ):
        return article
    article.current = rows.write_revision(article, text, note=note, actor=actor, now=now)
    rows.retitle(article)
    rows.save(article, "current", "title", "summary", now=now)
    fact = events.ArticleRevised(
        subject=events.subject_of(article.pk),
        revision_id=article.current.pk,
        restored_from=restored.pk if restored else None,
    )
    journal.record(fact, actor=actor, now=now)
    return article
