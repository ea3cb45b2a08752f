"""Articles as other apps show them: on the home page, beside a ticket, in a list of hits."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from django.db.models import Q

from apps.accounts.permissions import Permission
from apps.kernel.actors import Actor
from apps.kernel.compiled import Asked, CompiledFor, together
from apps.kernel.kept import Kept
from apps.knowledge import access
from apps.knowledge.models import Article, KnowledgeCategory


def popular(actor: Actor, limit: int = 6, language: str = "en") -> list[Article]:
    """What this actor's kind of reader opens most, with its category. One query."""
    return together(asked_popular(actor, limit, language))[0]


def asked_popular(actor: Actor, limit: int, language: str) -> Asked:
    """The question of `popular`, for whoever asks it together with others."""
    return _popular(limit).asked(actor, language)


@functools.cache
def _popular(limit: int) -> CompiledFor[Article]:
    return CompiledFor(
        lambda actor, language: (
            Article.objects.readable_by(actor)
            .in_language(language)
            .popular()
            .select_related("category")[:limit]
        )
    )


def by_slug(slug: str, actor: Actor) -> Article:
    """Raises NotFoundError for hidden and absent alike."""
    return access.article_by_slug(slug, actor)


def linked_to(subject: str, actor: Actor, limit: int = 10) -> list[Article]:
    """The articles written for "ticket:42" or linked to it, newest first. One query."""
    return together(asked_linked_to(subject, actor, limit))[0]


def asked_linked_to(subject: str, actor: Actor, limit: int = 10) -> Asked:
    """The question of `linked_to`, for whoever asks it together with others."""
    return _linked_to(limit).asked(actor, subject)


@functools.cache
def _linked_to(limit: int) -> CompiledFor[Article]:
    return CompiledFor(
        lambda actor, subject: (
            Article.objects.visible_to(actor)
            .linked_to(subject)
            .select_related("category")
            .order_by("-pk")[:limit]
        )
    )


def titled(words: str, actor: Actor, limit: int = 10) -> list[Article]:
    """Articles with all these words in their title, newest change first: for choosing one."""
    rows = Article.objects.visible_to(actor)
    for word in words.split()[:8]:
        rows = rows.filter(title__icontains=word)
    return list(rows.order_by("-updated_at", "-pk")[:limit])


@dataclass(frozen=True, slots=True)
class Section:
    """A category as one kind of reader sees it; `count` is of the articles in it and below."""

    category: KnowledgeCategory
    count: int
    below: tuple[Section, ...] = ()


def sections(actor: Actor) -> list[Section]:
    """The top categories that hold something for this actor, in order; kept for some seconds."""
    children: dict[int | None, list[KnowledgeCategory]] = {}
    for row in _categories():
        children.setdefault(row.parent_id, []).append(row)
    tops = (_section(top, children.get(top.pk, []), actor) for top in children.get(None, ()))
    return [section for section in tops if section.count]


_categories: Kept[list[KnowledgeCategory]] = Kept(
    lambda: list(KnowledgeCategory.objects.order_by("position", "name"))
)


def section_of(category: KnowledgeCategory, actor: Actor) -> Section | None:
    """One category with those below it; None if it holds nothing for this actor. One query."""
    below = KnowledgeCategory.objects.filter(parent=category).order_by("position", "name")
    section = _section(category, list(below), actor)
    return section if section.count else None


def _section(row: KnowledgeCategory, children: list[KnowledgeCategory], actor: Actor) -> Section:
    below = tuple(section for child in children if (section := _section(child, [], actor)).count)
    own = row.public_count + (row.internal_count if actor.can(Permission.WORK_TICKETS) else 0)
    return Section(row, own + sum(section.count for section in below), below)


def translations_of(article: Article, actor: Actor) -> list[Article]:
    """The same article in other languages, as far as this actor finds them. One query."""
    original = article.translates_id or article.pk
    rows = Article.objects.readable_by(actor).filter(Q(pk=original) | Q(translates=original))
    return list(rows.exclude(pk=article.pk).order_by("language"))
