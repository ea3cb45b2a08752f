from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.kernel.references import REF_LENGTH, new_ref
from apps.knowledge.querysets import ArticleQuerySet

ArticleManager = models.Manager.from_queryset(ArticleQuerySet)


class KnowledgeCategory(models.Model):
    """Where readers look for an article: a tree of two levels at most."""

    class Icon(models.TextChoices):
        """Pictures that the help centre knows (templates/knowledge/icons.html)."""

        BOOK = "book", _("Book")
        CARD = "card", _("Card")
        CASH = "cash", _("Cash")
        EXCHANGE = "exchange", _("Exchange")
        PERSON = "person", _("Person")
        PLUS = "plus", _("Plus")
        SEND = "send", _("Arrow")
        SHIELD = "shield", _("Shield")
        TERMINAL = "terminal", _("Card terminal")

    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent"),
    )
    slug = models.SlugField(_("name in addresses"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=200, blank=True)
    icon = models.CharField(_("icon"), max_length=10, choices=Icon, default=Icon.BOOK)
    position = models.PositiveSmallIntegerField(_("place in the list"), default=0)
    # Published articles in it, without those of the categories below; kept by the actions.
    public_count = models.PositiveIntegerField(_("public articles"), default=0, editable=False)
    internal_count = models.PositiveIntegerField(_("internal articles"), default=0, editable=False)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")),
                name="knowledge_category_not_its_own_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Article(models.Model):
    """Written by apps.knowledge.actions only.

    `current` is its newest revision; `live` is the one that readers see, until a newer one is
    published. `title` and `summary` are those of the live one, or of the newest while none is.
    """

    class Audience(models.TextChoices):
        PUBLIC = "public", _("Everybody")
        INTERNAL = "internal", _("Staff only")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SCHEDULED = "scheduled", _("Scheduled")
        PUBLISHED = "published", _("Published")
        RETIRED = "retired", _("Retired")

    ref = models.CharField(max_length=REF_LENGTH, unique=True, default=new_ref, editable=False)
    slug = models.SlugField(max_length=120, unique=True, editable=False)  # stays: links lead here
    title = models.CharField(_("title"), max_length=200)
    summary = models.CharField(max_length=300, blank=True)
    category = models.ForeignKey(
        KnowledgeCategory,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("category"),
    )
    audience = models.CharField(
        _("audience"), max_length=8, choices=Audience, default=Audience.PUBLIC
    )
    language = models.CharField(max_length=10, default="en")
    translates = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="translations"
    )
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.DRAFT)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=pgettext_lazy("of an article", "owner"),
    )
    origin = models.CharField(max_length=60, blank=True)  # what it was written for: "ticket:42"
    current = models.ForeignKey("Revision", models.PROTECT, null=True, related_name="+")
    live = models.ForeignKey("Revision", models.PROTECT, null=True, related_name="+")
    upcoming = models.ForeignKey("Revision", models.PROTECT, null=True, related_name="+")
    publish_at = models.DateTimeField(null=True, blank=True)  # when `upcoming` goes live
    published_at = models.DateTimeField(null=True, blank=True)  # for the first time
    live_since = models.DateTimeField(null=True, blank=True)  # what readers see now
    review_on = models.DateField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    review_told_at = models.DateTimeField(null=True, blank=True)
    views = models.PositiveIntegerField(pgettext_lazy("of an article", "views"), default=0)
    # Readers whom it answered while they were writing a request (the portal counts them).
    spared = models.PositiveIntegerField(_("spared requests"), default=0, db_default=0)
    helpful = models.PositiveIntegerField(default=0)
    unhelpful = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)  # compare-and-set by whoever edits

    objects = ArticleManager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="article_has_title"),
            models.CheckConstraint(
                condition=~Q(state="published")
                | Q(
                    live__isnull=False,
                    category__isnull=False,
                    published_at__isnull=False,
                    live_since__isnull=False,
                ),
                name="article_published_has_what_readers_see",
            ),
            models.CheckConstraint(
                condition=Q(publish_at=None, upcoming=None) & ~Q(state="scheduled")
                | Q(publish_at__isnull=False, upcoming__isnull=False)
                & Q(state__in=["scheduled", "published"]),
                name="article_scheduled_has_time_and_text",
            ),
            models.CheckConstraint(
                condition=Q(translates=None) | ~Q(translates=F("id")),
                name="article_not_its_own_translation",
            ),
        ]
        indexes = [
            # A category's page and its related articles: published ones by title.
            models.Index(
                fields=["category", "title", "id"],
                name="article_category",
                condition=Q(state="published"),
            ),
            # What the desk lists: newest change first.
            models.Index(fields=["-updated_at", "-id"], name="article_changed"),
            # What goes live next: ArticleQuerySet.due().
            models.Index(
                fields=["publish_at"], name="article_due", condition=Q(publish_at__isnull=False)
            ),
            # What is to be read through: ArticleQuerySet.to_review().
            models.Index(
                fields=["review_on"], name="article_review", condition=Q(review_on__isnull=False)
            ),
            # What was written for a ticket: ArticleQuerySet.linked_to().
            models.Index(fields=["origin"], name="article_origin", condition=~Q(origin="")),
        ]

    def __str__(self) -> str:
        return self.title


class Revision(models.Model):
    """An article's text as somebody left it. Never changed: the next edit is the next revision."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=300, blank=True)
    source = models.TextField()  # Markdown
    html = models.TextField()  # safe: made by apps.knowledge.rendering
    contents = models.JSONField(default=list)  # its headings: [level, anchor, text]
    sanitiser_version = models.PositiveSmallIntegerField()
    note = models.CharField(max_length=200, blank=True)  # what was changed, and why
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="revision_numbered_once"),
        ]

    def __str__(self) -> str:
        return f"Revision {self.number}"


class ArticleImage(models.Model):
    """A picture that the texts of one article may show, by `![words](image:REF)`."""

    ref = models.CharField(max_length=REF_LENGTH, unique=True, default=new_ref, editable=False)
    article = models.ForeignKey(Article, models.CASCADE, related_name="images")
    key = models.CharField(max_length=200, unique=True)  # where the storage keeps it
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=20)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    content_type__in=["image/gif", "image/jpeg", "image/png", "image/webp"]
                ),
                name="article_image_is_a_raster",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ArticleLink(models.Model):
    """The article helped with something: "ticket:42"."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="links")
    target = models.CharField(max_length=60)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["article", "target"], name="article_linked_once"),
        ]
        indexes = [
            # The articles of a ticket: ArticleQuerySet.linked_to().
            models.Index(fields=["target"], name="article_link_target"),
        ]

    def __str__(self) -> str:
        return f"{self.article_id} for {self.target}"


class Feedback(models.Model):
    """Whether an article helped a reader: one word each, which they may change."""

    article = models.ForeignKey(
        Article, models.CASCADE, related_name="feedback", verbose_name=_("article")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    browser = models.CharField(max_length=REF_LENGTH, blank=True)  # a stranger's session's name
    is_helpful = models.BooleanField(_("helpful"))
    comment = models.TextField(_("comment"), blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = pgettext_lazy("one", "feedback")
        verbose_name_plural = _("feedback")
        constraints = [
            models.UniqueConstraint(
                fields=["article", "user"],
                condition=Q(user__isnull=False),
                name="feedback_once_per_person",
            ),
            models.UniqueConstraint(
                fields=["article", "browser"],
                condition=~Q(browser=""),
                name="feedback_once_per_browser",
            ),
            models.CheckConstraint(
                condition=Q(user=None) | Q(browser=""), name="feedback_of_person_or_browser"
            ),
        ]
        indexes = [
            # What readers wrote about an article, newest first.
            models.Index(
                fields=["article", "-updated_at"],
                name="feedback_comments",
                condition=~Q(comment=""),
            ),
        ]

    def __str__(self) -> str:
        return "helpful" if self.is_helpful else "not helpful"
