"""The bank's articles: all of them can be stored, and show what the knowledge base can do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.kernel.actors import ANONYMOUS
from apps.knowledge import shelf
from apps.knowledge.models import Article, Feedback
from demo import world as worlds
from demo.library import load_articles, read
from demo.reading import load_desk
from demo.rows import Writer
from demo.scenario import people

END = datetime(2026, 11, 20, 17, tzinfo=UTC)


def test_every_file_can_be_read() -> None:
    told = list(read())

    assert len(told) >= 24
    for one in told:
        assert one.texts()[-1] == one.text
        assert one.summary
        assert one.summary[-1] in ".?!"


@pytest.mark.django_db
def test_the_shelves_show_every_state_and_audience() -> None:
    desk, writer = load_desk(), Writer()
    worlds.bring_in(worlds.build(desk), people(desk, count=0), writer, since=END)
    writer.finish()

    stored = load_articles(desk, end=END, seed=1)

    assert Article.objects.count() == stored
    assert set(Article.objects.values_list("state", flat=True)) >= {
        "draft",
        "scheduled",
        "published",
    }
    assert set(Article.objects.values_list("audience", flat=True)) == {"public", "internal"}
    assert Article.objects.to_review(today=END.date()).exists()
    assert sum(section.count for section in shelf.sections(ANONYMOUS)) == (
        Article.objects.readable_by(ANONYMOUS).count()
    )
    for article in Article.objects.all():
        votes = Feedback.objects.filter(article=article)
        assert article.helpful == votes.filter(is_helpful=True).count()
        assert article.unhelpful == votes.filter(is_helpful=False).count()
    assert "<img" in Article.objects.get(slug="why-was-my-card-payment-declined").live.html  # type: ignore[union-attr]
