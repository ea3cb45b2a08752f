"""What happens to articles. Ids and plain values, never rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from apps.events.facts import Fact


def subject_of(article_id: int) -> str:
    return f"article:{article_id}"


def id_in(subject: str) -> int:
    return int(subject.partition(":")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleDrafted(Fact):
    """`origin` says what it was written for: "ticket:42", or nothing."""

    name: ClassVar[str] = "article.drafted"
    revision_id: int
    audience: str
    language: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRevised(Fact):
    """There is a newer revision; readers see it once it is published."""

    name: ClassVar[str] = "article.revised"
    revision_id: int
    restored_from: int | None = None  # the revision whose text it has again


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleUpdated(Fact):
    """What stands beside its text changed; `changed` names the fields."""

    name: ClassVar[str] = "article.updated"
    changed: tuple[str, ...]
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePublished(Fact):
    """Readers see this revision from now on."""

    name: ClassVar[str] = "article.published"
    revision_id: int
    audience: str
    language: str
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleScheduled(Fact):
    """This revision goes live at `at` (ISO 8601, UTC)."""

    name: ClassVar[str] = "article.scheduled"
    revision_id: int
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleUnscheduled(Fact):
    name: ClassVar[str] = "article.unscheduled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRetired(Fact):
    """Readers no longer see it."""

    name: ClassVar[str] = "article.retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleReviewed(Fact):
    """Somebody read it through, or said when somebody is to (a date as ISO 8601)."""

    name: ClassVar[str] = "article.reviewed"
    review_on: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleReviewDue(Fact):
    name: ClassVar[str] = "article.review_due"
    owner_id: int | None
    review_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleLinked(Fact):
    """It helped with `target` ("ticket:42"); `removed` when the link was taken away."""

    name: ClassVar[str] = "article.linked"
    target: str
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRated(Fact):
    """A reader found it helpful, or not. What they wrote stays out of the journal."""

    name: ClassVar[str] = "article.rated"
    feedback_id: int
    is_helpful: bool
    has_comment: bool
    is_changed: bool = False  # they had said something before


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleImageAdded(Fact):
    name: ClassVar[str] = "article.image_added"
    image_id: int
    content_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleImageRemoved(Fact):
    name: ClassVar[str] = "article.image_removed"
    image_id: int
    key: str  # where the storage keeps the bytes, for the subscriber that deletes them


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfChanged(Fact):
    """A category of articles was made or changed; its subject is "shelf:3"."""

    name: ClassVar[str] = "shelf.changed"
    slug: str
    parent_id: int | None
