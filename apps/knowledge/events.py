"""What happens to articles. Ids and plain values, never rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.events.facts import Fact


def subject_of(article_id: int) -> str:
    return f"article:{article_id}"


def id_in(subject: str) -> int:
    return int(subject.partition(":")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleDrafted(Fact):
    """`origin` says what it was written for: "ticket:42", or nothing."""

    name: ClassVar[str] = "article.drafted"
    words: ClassVar[Promise] = _("An article was begun.")
    revision_id: int
    audience: str
    language: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRevised(Fact):
    """There is a newer revision; readers see it once it is published."""

    name: ClassVar[str] = "article.revised"
    words: ClassVar[Promise] = _("An article has a newer text that is not published yet.")
    revision_id: int
    restored_from: int | None = None  # the revision whose text it has again


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleUpdated(Fact):
    """What stands beside its text changed; `changed` names the fields."""

    name: ClassVar[str] = "article.updated"
    words: ClassVar[Promise] = _(
        "What stands beside an article's text changed, such as its category."
    )
    changed: tuple[str, ...]
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePublished(Fact):
    """Readers see this revision from now on."""

    name: ClassVar[str] = "article.published"
    words: ClassVar[Promise] = _("Readers see a new text of an article.")
    revision_id: int
    audience: str
    language: str
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleScheduled(Fact):
    """This revision goes live at `at` (ISO 8601, UTC)."""

    name: ClassVar[str] = "article.scheduled"
    words: ClassVar[Promise] = _("An article will be published at a set time.")
    revision_id: int
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleUnscheduled(Fact):
    name: ClassVar[str] = "article.unscheduled"
    words: ClassVar[Promise] = _("An article will not be published at the set time after all.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRetired(Fact):
    """Readers no longer see it."""

    name: ClassVar[str] = "article.retired"
    words: ClassVar[Promise] = _("Readers no longer see an article.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleReviewed(Fact):
    """Somebody read it through, or said when somebody is to (a date as ISO 8601)."""

    name: ClassVar[str] = "article.reviewed"
    words: ClassVar[Promise] = _("An article was read through, or its next review was set.")
    review_on: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleReviewDue(Fact):
    name: ClassVar[str] = "article.review_due"
    words: ClassVar[Promise] = _("It is time to read an article through again.")
    owner_id: int | None
    review_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleLinked(Fact):
    """It helped with `target` ("ticket:42"); `removed` when the link was taken away."""

    name: ClassVar[str] = "article.linked"
    words: ClassVar[Promise] = _(
        "An article was linked to a ticket that it helped with, or unlinked."
    )
    target: str
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRated(Fact):
    """A reader found it helpful, or not. What they wrote stays out of the journal."""

    name: ClassVar[str] = "article.rated"
    words: ClassVar[Promise] = _("A reader found an article helpful, or not.")
    feedback_id: int
    is_helpful: bool
    has_comment: bool
    is_changed: bool = False  # they had said something before


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleImageAdded(Fact):
    name: ClassVar[str] = "article.image_added"
    words: ClassVar[Promise] = _("A picture was added to an article.")
    image_id: int
    content_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleImageRemoved(Fact):
    name: ClassVar[str] = "article.image_removed"
    words: ClassVar[Promise] = _("A picture was removed from an article.")
    image_id: int
    key: str  # where the storage keeps the bytes, for the subscriber that deletes them


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfChanged(Fact):
    """A category of articles was made or changed; its subject is "shelf:3"."""

    name: ClassVar[str] = "shelf.changed"
    words: ClassVar[Promise] = _("A category of articles was made or changed.")
    slug: str
    parent_id: int | None
