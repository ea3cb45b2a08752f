from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from apps.accounts.permissions import Permission

if TYPE_CHECKING:
    from apps.kernel.actors import Actor
    from apps.knowledge.models import Article  # noqa: F401 - named in the base below


class ArticleQuerySet(models.QuerySet["Article"]):
    def visible_to(self, actor: Actor) -> Self:
        """What pages, lists and search may show this actor. Agrees with policies.can_view.

        Everybody reads public articles, staff read internal ones too, and those who write see
        what isn't out yet or no longer.
        """
        if actor.can(Permission.WRITE_ARTICLES):
            return self
        return self.readable_by(actor)

    def readable_by(self, actor: Actor) -> Self:
        """What this actor finds in lists and search: published, and meant for them."""
        out = self.published()
        return out if actor.can(Permission.WORK_TICKETS) else out.filter(audience="public")

    def published(self) -> Self:
        return self.filter(state="published")

    def in_language(self, language: str) -> Self:
        """One of each: the translation into this language if it is out, or else the original."""
        translated = self.model._default_manager.filter(
            translates=OuterRef("pk"),
            language=language,
            state="published",
            audience=OuterRef("audience"),
        )
        return self.filter(Q(language=language) | Q(translates=None) & ~Exists(translated))

    def due(self, *, now: datetime) -> Self:
        """Those whose time to go live has come."""
        return self.filter(publish_at__lte=now).order_by("publish_at", "pk")

    def to_review(self, *, today: date) -> Self:
        """Published ones whose review date has come."""
        return self.published().filter(review_on__lte=today)

    def untold(self) -> Self:
        """Of those to review, the ones whose owner has not been told."""
        return self.filter(review_told_at=None)

    def popular(self) -> Self:
        return self.order_by("-views", "pk")

    def by_title(self) -> Self:
        return self.order_by("title", "pk")

    def after(self, title: str, last: int) -> Self:
        """The page after a row, written so that an index can begin at it (ADR 6)."""
        return self.filter(title__gte=title).filter(Q(title__gt=title) | Q(pk__gt=last))

    def linked_to(self, subject: str) -> Self:
        """Written for a subject ("ticket:42"), or found helpful there."""
        return self.filter(Q(origin=subject) | Q(links__target=subject)).distinct()
