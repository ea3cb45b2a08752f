"""Short words for the tests of articles."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.events.models import Event
from apps.kernel.uploads import StoredFile
from apps.knowledge import actions, pictures
from apps.knowledge.models import Article, ArticleImage, KnowledgeCategory
from tests.cast import Cast
from tests.support import NOON

WORDS = "Freeze the card in the app first.\n\nThen order a new one."


def topic(cast: Cast, name: str = "Cards", **said: Any) -> KnowledgeCategory:
    wanted = {"parent": None, "description": "", "icon": "card", "position": 0, **said}
    return actions.save_category(
        category=None,
        name=name,
        slug=name.lower(),
        actor=cast.actor(cast.lena),
        now=NOON,
        **wanted,
    )


def handbook(cast: Cast) -> KnowledgeCategory:
    return topic(cast, "Handbook")


def drafted(cast: Cast, title: str = "Lost card", text: str = WORDS, **said: Any) -> Article:
    """Alice's draft. `{ref}` in its text is a picture of it."""
    alice = cast.actor(cast.alice)
    article = actions.draft(
        title=title, source="Soon." if "{ref}" in text else text, actor=alice, now=NOON, **said
    )
    if "{ref}" not in text:
        return article
    ref = pictured(cast, article).ref
    source = text.format(ref=ref)
    return actions.revise(article=article, title=title, source=source, actor=alice, now=NOON)


def out(cast: Cast, title: str = "Lost card", text: str = WORDS, **said: Any) -> Article:
    """The same, published by Lena."""
    said.setdefault("category", KnowledgeCategory.objects.first() or topic(cast))
    article = drafted(cast, title, text, **said)
    return actions.publish(article=article, actor=cast.actor(cast.lena), now=NOON)


def png(width: int = 2) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (width, 2), "teal").save(data, "PNG")
    return data.getvalue()


def kept(name: str = "screen.png", content: bytes | None = None) -> StoredFile:
    with pictures.stored(SimpleUploadedFile(name, content or png())) as stored:
        return stored


def pictured(cast: Cast, article: Article) -> ArticleImage:
    return actions.add_image(article=article, stored=kept(), actor=cast.actor(cast.alice), now=NOON)


def facts(article: Article) -> list[str]:
    """The names of an article's facts, in order."""
    rows = Event.objects.filter(subject=f"article:{article.pk}").order_by("id")
    return list(rows.values_list("name", flat=True))


def last_fact(article: Article) -> dict[str, Any]:
    row = Event.objects.filter(subject=f"article:{article.pk}").order_by("-id")[0]
    return {"name": row.name, **row.data}
