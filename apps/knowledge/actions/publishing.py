from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from apps.events import journal
from apps.kernel.actors import Actor
from apps.knowledge import events, policies
from apps.knowledge.actions import rows
from apps.knowledge.errors import CategoryMissingError, DateRefusedError, StateRefusedError
from apps.knowledge.models import Article, Revision

State = Article.State


def _may_publish(actor: Actor, _article: Article) -> bool:
    return policies.can_publish(actor)


@transaction.atomic
def publish(
    *, article: Article, actor: Actor, now: datetime, expected_version: int | None = None
) -> Article:
    """Readers see the newest revision from now on."""
    article = rows.lock(article, actor=actor, may=_may_publish, expected_version=expected_version)
    if article.current is None or _is_out(article):
        raise StateRefusedError("Readers see the newest revision already.")
    return _publish(article, article.current, actor=actor, now=now)


@transaction.atomic
def publish_due(*, article: Article, actor: Actor, now: datetime) -> Article:
    """Publish the scheduled revision if its time has come; a second time does nothing."""
    article = rows.lock(article, actor=actor, may=_may_publish)
    if article.upcoming is None or article.publish_at is None or article.publish_at > now:
        return article
    return _publish(article, article.upcoming, actor=actor, now=now)


def _publish(article: Article, revision: Revision, *, actor: Actor, now: datetime) -> Article:
    _need_category(article)
    before = rows.counted_in(article)
    is_first = article.published_at is None
    article.state, article.live = State.PUBLISHED, revision
    article.upcoming = article.publish_at = None
    article.published_at, article.live_since = article.published_at or now, now
    rows.retitle(article)
    fields = ("state", "live", "upcoming", "publish_at", "published_at", "live_since")
    rows.save(article, *fields, "title", "summary", now=now)
    rows.recount(before, rows.counted_in(article))
    fact = events.ArticlePublished(
        subject=events.subject_of(article.pk),
        revision_id=revision.pk,
        audience=article.audience,
        language=article.language,
        is_first=is_first,
    )
    journal.record(fact, actor=actor, now=now)
    return article


@transaction.atomic
def schedule(
    *,
    article: Article,
    at: datetime,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> Article:
    """The newest revision goes live at `at`; what is written after this waits for its own time.

    A published article stays as it is until then.
    """
    article = rows.lock(article, actor=actor, may=_may_publish, expected_version=expected_version)
    if article.current is None or _is_out(article):
        raise StateRefusedError("Readers see the newest revision already.")
    if at <= now:
        raise DateRefusedError
    _need_category(article)
    if article.state != State.PUBLISHED:
        article.state = State.SCHEDULED
    article.upcoming, article.publish_at = article.current, at
    rows.save(article, "state", "upcoming", "publish_at", now=now)
    fact = events.ArticleScheduled(
        subject=events.subject_of(article.pk),
        revision_id=article.current.pk,
        at=at.astimezone(UTC).isoformat(),
    )
    journal.record(fact, actor=actor, now=now)
    return article


@transaction.atomic
def unschedule(
    *, article: Article, actor: Actor, now: datetime, expected_version: int | None = None
) -> Article:
    article = rows.lock(article, actor=actor, may=_may_publish, expected_version=expected_version)
    if article.publish_at is None:
        raise StateRefusedError("It isn't scheduled.")
    if article.state == State.SCHEDULED:
        article.state = State.DRAFT
    article.upcoming = article.publish_at = None
    rows.save(article, "state", "upcoming", "publish_at", now=now)
    fact = events.ArticleUnscheduled(subject=events.subject_of(article.pk))
    journal.record(fact, actor=actor, now=now)
    return article


@transaction.atomic
def retire(
    *, article: Article, actor: Actor, now: datetime, expected_version: int | None = None
) -> Article:
    """Take an article out of sight; a draft is put away. Publishing it brings it back."""
    article = rows.lock(
        article, actor=actor, may=policies.can_file, expected_version=expected_version
    )
    if article.state == State.RETIRED:
        raise StateRefusedError("It is retired already.")
    before = rows.counted_in(article)
    article.state = State.RETIRED
    article.upcoming = article.publish_at = None
    rows.save(article, "state", "upcoming", "publish_at", now=now)
    rows.recount(before, rows.counted_in(article))
    fact = events.ArticleRetired(subject=events.subject_of(article.pk))
    journal.record(fact, actor=actor, now=now)
    return article


def _is_out(article: Article) -> bool:
    return article.state == State.PUBLISHED and article.live_id == article.current_id


def _need_category(article: Article) -> None:
    if article.category_id is None:
        raise CategoryMissingError
