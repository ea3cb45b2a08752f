"""What the verbs share: lock an article, save it, write a revision, keep the counts."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Max

from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError, NotFoundError
from apps.knowledge import rendering
from apps.knowledge.errors import (
    ArticleTooLongError,
    EmptyArticleError,
    StaleArticleError,
    TitleRefusedError,
)
from apps.knowledge.models import Article, ArticleImage, KnowledgeCategory, Revision

TITLE_LIMIT, SUMMARY_LIMIT, NOTE_LIMIT = 200, 300, 200  # characters
TEXT_LIMIT = 100_000

Policy = Callable[[Actor, Article], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a revision says, checked."""

    title: str
    summary: str
    source: str


def clean(title: str, summary: str, source: str) -> Text:
    """Raises TitleRefusedError, EmptyArticleError, ArticleTooLongError."""
    line = one_line(title)
    if not 1 <= len(line) <= TITLE_LIMIT:
        raise TitleRefusedError
    body = source.replace("\0", "").replace("\r\n", "\n").encode(errors="ignore").decode().strip()
    if not body:
        raise EmptyArticleError
    if len(body) > TEXT_LIMIT:
        raise ArticleTooLongError
    return Text(title=line, summary=one_line(summary)[:SUMMARY_LIMIT], source=body)


def one_line(text: str) -> str:
    shown = "".join(" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in text)
    return " ".join(shown.split())


def lock(
    article: Article, *, actor: Actor, may: Policy, expected_version: int | None = None
) -> Article:
    """The article as it is now, ours until the transaction ends.

    Raises NotFoundError if it is gone, ForbiddenError if the policy says no, StaleArticleError if
    somebody changed it since the version that the actor saw.
    """
    fresh = Article.objects.select_for_update().filter(pk=article.pk).first()
    if fresh is None:
        raise NotFoundError
    if not may(actor, fresh):
        raise ForbiddenError
    if expected_version is not None and fresh.version != expected_version:
        raise StaleArticleError(version=fresh.version)
    return fresh


def save(article: Article, *fields: str, now: datetime) -> None:
    article.version += 1
    article.updated_at = now
    article.save(update_fields=[*fields, "version", "updated_at"])


def write_revision(
    article: Article, text: Text, *, note: str, actor: Actor, now: datetime
) -> Revision:
    """The article's next revision, stored. The caller makes it the current one."""
    last = Revision.objects.filter(article=article).aggregate(last=Max("number"))["last"] or 0
    wanted = rendering.image_refs(text.source)
    own = ArticleImage.objects.filter(article=article, ref__in=wanted).values_list("ref", flat=True)
    rendered = rendering.render(text.source, images=frozenset(own) if wanted else frozenset())
    return Revision.objects.create(
        article=article,
        number=last + 1,
        title=text.title,
        summary=text.summary,
        source=text.source,
        html=rendered.html,
        contents=[list(heading) for heading in rendered.contents],
        sanitiser_version=rendering.SANITISER_VERSION,
        note=one_line(note)[:NOTE_LIMIT],
        author_id=None if actor.is_system else actor.id,
        created_at=now,
    )


def retitle(article: Article) -> None:
    """Let title and summary be those that readers see; of the newest while they see none."""
    shown = article.live or article.current
    if shown is not None:
        article.title, article.summary = shown.title, shown.summary


Counted = tuple[int, str] | None


def counted_in(article: Article) -> Counted:
    """Which category counts the article, and as what."""
    if article.state != Article.State.PUBLISHED or article.category_id is None:
        return None
    return article.category_id, f"{article.audience}_count"


def recount(before: Counted, after: Counted) -> None:
    """Keep the counts of categories; in the order of their ids, so that nobody waits in a ring."""
    if before == after:
        return
    steps = [(*place, step) for place, step in ((before, -1), (after, 1)) if place is not None]
    for category_id, field, step in sorted(steps):
        KnowledgeCategory.objects.filter(pk=category_id).update(**{field: F(field) + step})
