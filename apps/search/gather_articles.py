"""Articles as documents: what readers see now, of those that are published."""

from __future__ import annotations

from collections.abc import Sequence

from apps.events import journal
from apps.knowledge.events import subject_of
from apps.knowledge.models import Article
from apps.search import keys
from apps.search.documents import Document, Face


def article_documents(article_ids: Sequence[int]) -> list[Document]:
    """Two queries, however many."""
    versions = journal.latest([subject_of(pk) for pk in article_ids])
    rows = Article.objects.published().filter(pk__in=article_ids).select_related("live")
    return [
        Document(
            key=article.pk,
            version=versions.get(subject_of(article.pk), 0),
            created_at=article.created_at,
            updated_at=article.live_since or article.updated_at,
            faces=(_face(article),),
        )
        for article in rows.order_by("pk")
    ]


def _face(article: Article) -> Face:
    text = article.live.source if article.live else ""
    is_public = article.audience == Article.Audience.PUBLIC
    return Face(
        title=article.title,
        texts=(article.summary, text),
        keys=frozenset({keys.STAFF, keys.EVERYBODY} if is_public else {keys.STAFF}),
    )
