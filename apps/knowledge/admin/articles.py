from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.accounts.guarded import CappedPaginator, GuardedAdmin
from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission
from apps.knowledge import actions, policies
from apps.knowledge.admin import editor
from apps.knowledge.forms import CategoryForm
from apps.knowledge.models import Article, Feedback, KnowledgeCategory
from apps.knowledge.querysets import ArticleQuerySet

NOTHING = "-"


class ReviewFilter(admin.SimpleListFilter):
    title = _("review")
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return [
            ("due", _("To be looked through")),
            ("mine", _("Mine to be looked through")),
            ("never", _("No date set")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> ArticleQuerySet:
        articles: ArticleQuerySet = queryset
        due = articles.to_review(today=timezone.localdate())
        match self.value():
            case "due":
                return due
            case "mine":
                return due.filter(owner=actor_of(request).id)
            case "never":
                return articles.published().filter(review_on=None)
            case _:
                return articles


@admin.register(Article)
class ArticleAdmin(GuardedAdmin):
    needs = Permission.WRITE_ARTICLES
    may_add = may_change = True

    list_display = (
        "title",
        "standing",
        "readers",
        "category",
        "owner",
        "review",
        "votes",
        "views",
        "spared",
    )
    list_display_links = ("title",)
    list_filter = ("state", "audience", ReviewFilter, "category")
    list_filter_submit = False
    list_select_related = ("category__parent", "owner")
    search_fields = ("title", "slug")
    search_help_text = _("Words of the title")
    ordering = ("-updated_at", "-id")
    list_per_page = 50
    show_full_result_count = False
    paginator = CappedPaginator

    @display(  # type: ignore[untyped-decorator]
        description=_("State"),
        ordering="state",
        label={"published": "success", "scheduled": "info", "ahead": "warning", "draft": "primary"},
    )
    def standing(self, article: Article) -> tuple[str, str]:
        if article.state == "published" and article.live_id != article.current_id:
            return "ahead", gettext("Published, newer draft")
        return article.state, article.get_state_display()

    @display(  # type: ignore[untyped-decorator]
        description=_("Read by"),
        ordering="audience",
        label={"internal": "warning", "public": "info"},
    )
    def readers(self, article: Article) -> tuple[str, str]:
        return article.audience, article.get_audience_display()

    @display(  # type: ignore[untyped-decorator]
        description=_("Review"), ordering="review_on", label={"due": "danger"}
    )
    def review(self, article: Article) -> tuple[str, str | Promise]:
        if article.review_on is None:
            return "", NOTHING
        is_due = article.state == "published" and editor.is_overdue(article)
        return "due" if is_due else "", date_format(article.review_on, "SHORT_DATE_FORMAT")

    @admin.display(description=_("Helpful"), ordering="helpful")
    def votes(self, article: Article) -> str:
        said = article.helpful + article.unhelpful
        return f"{article.helpful} / {said}" if said else NOTHING

    def get_queryset(self, request: HttpRequest) -> ArticleQuerySet:
        return Article.objects.visible_to(actor_of(request))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        return {}  # deleting is none of the desk's verbs

    def get_urls(self) -> list[URLPattern]:
        at, name = "<int:pk>", "knowledge_article"
        ours = [
            path("add/", self.guarded(editor.add), name=f"{name}_add"),
            path("preview/", self.guarded(editor.preview), name=f"{name}_preview_new"),
            path(f"{at}/change/", self.guarded(editor.change), name=f"{name}_change"),
            path(f"{at}/preview/", self.guarded(editor.preview), name=f"{name}_preview"),
            path(f"{at}/images/", self.guarded(editor.upload), name=f"{name}_upload"),
            path(f"{at}/revisions/", self.guarded(editor.revisions), name=f"{name}_revisions"),
            path(f"{at}/<slug:panel>/do/", self.guarded(editor.do), name=f"{name}_do"),
        ]
        listed = [url for url in super().get_urls() if url.name == f"{name}_changelist"]
        return [*ours, *listed]

    def guarded(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """A view of one article, for whoever writes."""

        def for_writers(request: HttpRequest, **at: Any) -> HttpResponse:
            editor.require_writer(request)
            return view(request, partial(self.admin_site.each_context, request), **at)

        shown: Callable[..., HttpResponse] = self.admin_site.admin_view(for_writers)
        return shown


@admin.register(Feedback)
class FeedbackAdmin(GuardedAdmin):
    """What readers said, newest first: for reading only."""

    needs = Permission.WRITE_ARTICLES
    titled = _("Readers' comments")
    about = _("Readers say below an article whether it helped, and what is missing.")
    list_display = ("article", "verdict", "words", "reader", "updated_at")
    list_display_links = None
    list_filter = ("is_helpful", ("comment", admin.EmptyFieldListFilter))
    list_select_related = ("article", "user")
    search_fields = ("comment", "article__title")
    ordering = ("-updated_at", "-id")
    list_per_page = 50
    show_full_result_count = False
    paginator = CappedPaginator

    @display(description=_("Helpful"), label={"yes": "success", "no": "danger"})  # type: ignore[untyped-decorator]
    def verdict(self, feedback: Feedback) -> tuple[str, str]:
        return ("yes", gettext("Yes")) if feedback.is_helpful else ("no", gettext("No"))

    @admin.display(description=_("Comment"))
    def words(self, feedback: Feedback) -> str:
        return feedback.comment or NOTHING

    @admin.display(description=_("Reader"))
    def reader(self, feedback: Feedback) -> str:
        return str(feedback.user) if feedback.user else gettext("A visitor")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        return {}

    def get_urls(self) -> list[URLPattern]:
        return [url for url in super().get_urls() if url.name == "knowledge_feedback_changelist"]


@admin.register(KnowledgeCategory)
class KnowledgeCategoryAdmin(GuardedAdmin):
    """Writers look; those who publish decide."""

    needs = Permission.WRITE_ARTICLES
    titled = _("Article categories")
    form = CategoryForm
    list_display = ("name", "parent", "position", "public_count", "internal_count")
    list_select_related = ("parent",)
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return policies.can_publish(actor_of(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return policies.can_publish(actor_of(request))

    def save_model(
        self, request: HttpRequest, obj: KnowledgeCategory, form: Any, change: bool
    ) -> None:
        saved = actions.save_category(
            category=obj if change else None,
            **form.cleaned_data,
            actor=actor_of(request),
            now=timezone.now(),
        )
        obj.pk = saved.pk

    def get_queryset(self, request: HttpRequest) -> QuerySet[KnowledgeCategory]:
        rows: QuerySet[KnowledgeCategory] = super().get_queryset(request)
        return rows.select_related("parent")
