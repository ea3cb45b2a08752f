"""One article, as its writers work on it. Every button is one of the domain's actions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission
from apps.kernel.errors import DomainError, ForbiddenError, NotFoundError
from apps.kernel.forms import bound_to, shown_on
from apps.knowledge import access, actions, comparing, pictures, policies, rendering
from apps.knowledge.actions.rows import TEXT_LIMIT
from apps.knowledge.admin.panels import PANELS, Panel, panels_for
from apps.knowledge.errors import ImageRefusedError
from apps.knowledge.forms import DraftForm, EditorForm, ImageForm
from apps.knowledge.models import Article, ArticleImage, Feedback, Revision

COMMENTS, REVISIONS, PICTURES = 5, 100, 100

Chrome = Callable[[], dict[str, Any]]  # what the admin's frame needs


def require_writer(request: HttpRequest) -> None:
    if not actor_of(request).can(Permission.WRITE_ARTICLES):
        raise ForbiddenError


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, chrome: Chrome) -> HttpResponse:
    form = DraftForm(*bound_to(request))
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        with shown_on(form):
            article = actions.draft(
                **form.cleaned_data, actor=actor_of(request), now=timezone.now()
            )
            messages.success(request, _("The draft is saved. Only writers see it."))
            return redirect("admin:knowledge_article_change", article.pk)
    context = {**chrome(), "title": _("New article"), "form": form}
    context["preview"] = _rendered(request, None) if "preview" in request.POST else ""
    return render(request, "admin/knowledge/article/add.html", context)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, chrome: Chrome, pk: int) -> HttpResponse:
    """The editor. A text that came too late is kept, beside what somebody else changed."""
    article = access.article_by_id(pk, actor_of(request))
    if request.method != "POST":
        return _page(request, chrome, article)
    form = EditorForm(request.POST)
    if "preview" in request.POST:
        preview = _rendered(request, article)
        return _page(request, chrome, article, editor=form, preview=preview)
    if not form.is_valid():
        return _page(request, chrome, article, editor=form, status=409)
    with shown_on(form):
        _save(request, article, form.cleaned_data)
        return redirect("admin:knowledge_article_change", pk)
    article = access.article_by_id(pk, actor_of(request))
    theirs = _what_came_between(article, form.cleaned_data["base"])
    form.refresh(article)
    return _page(request, chrome, article, editor=form, theirs=theirs, status=409)


@transaction.atomic
def _save(request: HttpRequest, article: Article, data: dict[str, Any]) -> None:
    common: dict[str, Any] = {"actor": actor_of(request), "now": timezone.now()}
    saved = actions.revise(
        article=article,
        title=data["title"],
        summary=data["summary"],
        source=data["source"],
        note=data["note"],
        expected_version=data["version"],
        **common,
    )
    if "publish" in request.POST:
        actions.publish(article=saved, **common)
        messages.success(request, _("Saved. Readers see it now."))
    elif saved.version == data["version"]:
        messages.info(request, _("Nothing is different: there is no new revision."))
    else:
        messages.success(request, _("Saved as a new revision."))


def _what_came_between(article: Article, base: int) -> list[comparing.Line]:
    """What somebody else changed since the revision that the writer began from."""
    newest = article.current
    began = Revision.objects.filter(article=article, number=base).first()
    if newest is None or began is None or began.pk == newest.pk:
        return []
    return comparing.compare(_whole(began), _whole(newest))


def _whole(revision: Revision) -> str:
    return f"{revision.title}\n{revision.summary}\n\n{revision.source}"


@require_POST
def preview(request: HttpRequest, chrome: Chrome, pk: int | None = None) -> HttpResponse:
    """The text as readers would see it, for the page to show while somebody writes."""
    article = access.article_by_id(pk, actor_of(request)) if pk is not None else None
    context = {**chrome(), "preview": _rendered(request, article)}
    return render(request, "admin/knowledge/article/preview.html", context)


def _rendered(request: HttpRequest, article: Article | None) -> str:
    source = request.POST.get("source", "")[:TEXT_LIMIT]
    wanted = rendering.image_refs(source)
    own = ArticleImage.objects.filter(article=article, ref__in=wanted) if article and wanted else ()
    return rendering.render(source, images=frozenset(image.ref for image in own)).html


@require_POST
def do(request: HttpRequest, chrome: Chrome, pk: int, panel: str) -> HttpResponse:
    """One panel, one action. What is refused stays in its panel, as it was typed."""
    actor = actor_of(request)
    article = access.article_by_id(pk, actor)
    kind = PANELS.get(panel)
    if kind is None:
        raise NotFoundError
    if not kind.allowed(article, actor):
        raise ForbiddenError
    form = kind(request.POST, article=article, actor=actor)
    if form.is_valid():
        with shown_on(form):
            form.apply(now=timezone.now())
            messages.success(request, str(form.done))
            return redirect("admin:knowledge_article_change", pk)
        article = access.article_by_id(pk, actor)
        form.refresh(article)
    if not kind.shown(article, actor):  # it has no panel that could say it
        messages.error(request, " ".join(map(str, form.non_field_errors())) or _("Try again."))
        return redirect("admin:knowledge_article_change", pk)
    return _page(request, chrome, article, panel=form, status=409)


@require_POST
def upload(request: HttpRequest, chrome: Chrome, pk: int) -> HttpResponse:  # noqa: ARG001
    """A picture for the article: as JSON to the editor's script, or back to the page."""
    article = access.article_by_id(pk, actor_of(request))
    as_json = request.headers.get("Accept", "").startswith("application/json")
    try:
        image = _keep(request, article)
    except DomainError as error:
        if as_json:
            return JsonResponse({"error": str(error)}, status=error.status)
        messages.error(request, str(error))
    else:
        if as_json:
            return JsonResponse({"markdown": markdown_of(image)}, status=201)
        told = _("The picture is there. Put this where it belongs: %s") % markdown_of(image)
        messages.success(request, told)
    return redirect("admin:knowledge_article_change", pk)


def _keep(request: HttpRequest, article: Article) -> ArticleImage:
    form = ImageForm(request.POST, request.FILES)
    if not form.is_valid():
        raise ImageRefusedError(" ".join(map(str, form.errors.get("image", []))))
    with pictures.stored(form.cleaned_data["image"]) as kept:
        return actions.add_image(
            article=article, stored=kept, actor=actor_of(request), now=timezone.now()
        )


def markdown_of(image: ArticleImage) -> str:
    """What a writer puts into the text to show the picture."""
    words = image.name.rpartition(".")[0] or image.name
    plain = re.sub(r"[^\w .,-]", " ", words).strip() or "picture"
    return f"![{plain}](image:{image.ref})"


@require_safe
def revisions(request: HttpRequest, chrome: Chrome, pk: int) -> HttpResponse:
    """What was written when and by whom, and what is different between any two."""
    article = access.article_by_id(pk, actor_of(request))
    newest = article.current.number if article.current else 0
    rows = list(article.revisions.select_related("author")[:REVISIONS])
    after = access.revision_of(article, _number(request, "to", newest))
    live = article.live.number if article.live else 0
    usual = live if 0 < live < after.number else after.number - 1
    before = Revision.objects.filter(article=article, number=_number(request, "from", usual))
    began = before.select_related("author").first()
    context = {
        **chrome(),
        "title": _("Revisions"),
        "article": article,
        "revisions": rows,
        "after": after,
        "before": began,
        "lines": comparing.compare(began.source if began else "", after.source),
        "title_words": comparing.words(began.title if began else "", after.title),
        "summary_words": comparing.words(began.summary if began else "", after.summary),
    }
    return render(request, "admin/knowledge/article/revisions.html", context)


def _number(request: HttpRequest, key: str, otherwise: int) -> int:
    asked = request.GET.get(key, "")
    return int(asked[:9]) if asked.isdecimal() else otherwise


def _page(
    request: HttpRequest,
    chrome: Chrome,
    article: Article,
    *,
    editor: EditorForm | None = None,
    panel: Panel | None = None,
    preview: str | None = None,
    theirs: list[comparing.Line] | None = None,
    status: int = 200,
) -> HttpResponse:
    actor = actor_of(request)
    newest = article.current
    comments = Feedback.objects.filter(article=article).exclude(comment="")
    images = article.images.all()[:PICTURES]
    shown = preview if preview is not None else (newest.html if newest else "")
    if preview is None and editor is not None:
        shown = _rendered(request, article)
    context = {
        **chrome(),
        "title": article.title,
        "article": article,
        "newest": newest,
        "editor": editor or EditorForm.of(article),
        "preview": shown,
        "theirs": theirs,
        "panels": panels_for(article, actor, instead=panel),
        "troubled": panel.name if panel else "",
        "may_publish": policies.can_publish(actor),
        "is_ahead": article.state == "published" and article.live_id != article.current_id,
        "is_overdue": is_overdue(article),
        "origin": number_in(article.origin),
        "links": [(link.target, number_in(link.target)) for link in article.links.order_by("pk")],
        "images": [(image, markdown_of(image)) for image in images],
        "image_form": ImageForm(),
        "comments": comments.select_related("user").order_by("-updated_at")[:COMMENTS],
    }
    return render(request, "admin/knowledge/article/editor.html", context, status=status)


def is_overdue(article: Article) -> bool:
    today = timezone.localdate()
    return article.review_on is not None and article.review_on <= today


def number_in(subject: str) -> int | None:
    """The number of the ticket that "ticket:42" names; None for anything else."""
    kind, _colon, number = subject.partition(":")
    return int(number) if kind == "ticket" and number.isdecimal() else None
