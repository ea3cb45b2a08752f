"""Articles as other apps show them: on the home page, beside a ticket, in a list of hits."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from apps.accounts.permissions import Permission
from apps.kernel.actors import Actor
from apps.knowledge import access
from apps.knowledge.models import Article, KnowledgeCategory


def popular(actor: Actor, limit: int = 6, language: str = "en") -> list[Article]:
    """What this actor's kind of reader opens most, with its category. One query."""
    rows = Article.objects.readable_by(actor).in_language(language).popular()
    return list(rows.select_related("category")[:limit])


def by_slug(slug: str, actor: Actor) -> Article:
    """Raises NotFoundError for hidden and absent alike."""
    return access.article_by_slug(slug, actor)


def linked_to(subject: str, actor: Actor, limit: int = 10) -> list[Article]:
    """The articles written for "ticket:42" or linked to it, newest first. One query."""
    rows = Article.objects.visible_to(actor).linked_to(subject)
    return list(rows.select_related("category").order_by("-pk")[:limit])


@dataclass(frozen=True, slots=True)
class Section:
    """A category as one kind of reader sees it; `count` is of the articles in it and below."""

    category: KnowledgeCategory
    count: int
    below: tuple[Section, ...] = ()


def sections(actor: Actor) -> list[Section]:
    """The top categories that hold something for this actor, in order. One query."""
    children: dict[int | None, list[KnowledgeCategory]] = {}
    for row in KnowledgeCategory.objects.order_by("position", "name"):
        children.setdefault(row.parent_id, []).append(row)
    tops = (_section(top, children.get(top.pk, []), actor) for top in children.get(None, ()))
    return [section for section in tops if section.count]


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
