"""The help centre: what readers find, read and rate. Open to everybody."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import throttle
from apps.accounts.middleware import actor_of
from apps.kernel.actors import ANONYMOUS
from apps.kernel.errors import NotFoundError
from apps.kernel.references import new_ref
from apps.kernel.storage import Showing, store
from apps.knowledge import access, actions, policies, shelf
from apps.knowledge.forms import RatingForm
from apps.knowledge.models import Article, Feedback, Revision

POPULAR, RELATED, PAGE = 6, 5, 50
LONG = 3  # headings that make a table of contents worth its room
STRANGERS_RATINGS, WINDOW = 30, timedelta(hours=1)  # from one address


@require_safe
def help_centre(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    context = {
        "sections": shelf.sections(actor),
        "popular": shelf.popular(actor, POPULAR, _language()),
    }
    return render(request, "knowledge/help.html", context)


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """A category's articles by title; a page begins after the last one of the page before."""
    actor, asked = actor_of(request), request.GET
    found = access.category_by_slug(slug)
    section = shelf.section_of(found, actor)
    if section is None:
        raise NotFoundError  # as if it weren't there: nothing in it is for this reader
    articles = Article.objects.readable_by(actor).in_language(_language()).filter(category=found)
    after, last = asked.get("after", "").replace("\0", ""), asked.get("last", "")
    if last.isdecimal():
        articles = articles.after(after, int(last[:18]))
    rows = list(articles.by_title()[: PAGE + 1])
    context = {
        "section": section,
        "articles": rows[:PAGE],
        "following": rows[PAGE - 1] if len(rows) > PAGE else None,
    }
    return render(request, "knowledge/category.html", context)


@require_safe
def article(request: HttpRequest, slug: str) -> HttpResponse:
    actor = actor_of(request)
    found = access.article_by_slug(slug, actor)
    actions.count_view(article=found, actor=actor)
    return _page(request, found, RatingForm(auto_id="rating-%s"))


def _page(request: HttpRequest, found: Article, form: RatingForm) -> HttpResponse:
    actor = actor_of(request)
    is_writer = policies.can_write(actor)
    revision = _shown(found, newest=is_writer and "newest" in request.GET)
    language = _language()
    related = (
        Article.objects.readable_by(actor)
        .in_language(language)
        .filter(category=found.category_id)
        .exclude(pk=found.pk)
        .popular()[:RELATED]
        if found.category_id
        else []
    )
    context = {
        "article": found,
        "revision": revision,
        "contents": revision.contents if len(revision.contents) >= LONG else [],
        "related": related,
        "translations": shelf.translations_of(found, actor),
        "language": language,
        "is_writer": is_writer,
        "may_rate": policies.can_rate(actor, found),
        "mine": _said(request, found),
        "form": form,
    }
    return render(request, "knowledge/article.html", context)


def _shown(found: Article, *, newest: bool) -> Revision:
    """What readers see; the newest revision to a writer who asks, or while readers see none."""
    out = found.live if found.state == Article.State.PUBLISHED and not newest else None
    revision = out or found.current
    if revision is None:
        raise NotFoundError
    return revision


@require_POST
def rate(request: HttpRequest, slug: str) -> HttpResponse:
    """Helpful or not; after that the page asks why, and takes another answer too."""
    actor = actor_of(request)
    found = access.article_by_slug(slug, actor)
    form = RatingForm(request.POST, auto_id="rating-%s")
    if not form.is_valid():
        return _page(request, found, form)
    now = timezone.now()
    if not actor.is_known:
        client = get_adapter(request).get_client_ip(request)
        if not throttle.consume(
            "article-rating", client, limit=STRANGERS_RATINGS, window=WINDOW, now=now
        ):
            raise throttle.TooManyAttemptsError
    actions.rate(
        article=found,
        is_helpful=form.cleaned_data["helpful"] == "yes",
        comment=form.cleaned_data["comment"],
        browser="" if actor.is_known else _browser(request, make=True),
        actor=actor,
        now=now,
    )
    return redirect(f"{reverse('article', args=[found.slug])}#feedback")


@require_safe
def image(request: HttpRequest, ref: str) -> HttpResponseBase:
    """A picture of an article; nothing in it may run, and only public ones are kept by caches."""
    found = access.image_by_ref(ref, actor_of(request))
    showing = Showing(
        name=found.name,
        content_type=found.content_type,
        is_inline=True,
        is_public=policies.can_see_image(ANONYMOUS, found),
    )
    return store().serve(found.key, showing)


def _language() -> str:
    return (translation.get_language() or "en").partition("-")[0]


def _said(request: HttpRequest, found: Article) -> Feedback | None:
    """What this reader has said about the article already."""
    actor = actor_of(request)
    if actor.is_known:
        return Feedback.objects.filter(article=found, user=actor.id).first()
    browser = _browser(request, make=False)
    return Feedback.objects.filter(article=found, browser=browser).first() if browser else None


def _browser(request: HttpRequest, *, make: bool) -> str:
    """A random name in a stranger's session: it tells readers apart and leads back to nobody."""
    if make:
        request.session.setdefault("reader", new_ref())
    return str(request.session.get("reader", ""))
