from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.events.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleDeflected(Fact):
    """A suggested article ended somebody's visit to the form for new requests.

    `said` when they pressed the button; otherwise they read it, left, and asked nothing for a day.
    """

    name: ClassVar[str] = "article.deflected"
    words: ClassVar[Promise] = _("A suggested article answered the question: no request was sent.")
    article_id: int
    reader_id: int
    said: bool
