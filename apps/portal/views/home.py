"""Where visitors arrive, and where they search."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from apps.accounts.middleware import actor_of
from apps.kernel.compiled import Compiled
from apps.knowledge import shelf
from apps.notifications import bell
from apps.portal import shown
from apps.search import find
from apps.tickets.models import Ticket

OPEN_SHOWN = 5
ARTICLES_SHOWN = 6
REQUESTS_FOUND = 10


_open: Compiled[shown.Columns] = Compiled(
    lambda pk: shown.columns(
        Ticket.objects.raised_by(pk).active().order_by("-updated_at", "-pk")[:OPEN_SHOWN]
    )
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    popular = shelf.asked_popular(actor, ARTICLES_SHOWN, get_language() or "en")
    articles, *mine = bell.beside(
        request, popular, *([_open.asked(actor.id)] if actor.id is not None else [])
    )
    context = {
        "entries": shown.entries(mine[0]) if mine else [],
        "articles": articles,
        "sections": shelf.sections(actor),
    }
    return render(request, "home.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Articles for everybody, and the requests that a signed-in reader may see."""
    actor = actor_of(request)
    text = request.GET.get("q", "").strip()[:200]
    cursor = request.GET.get("after", "")[:200]
    context: dict[str, object] = {"text": text, "cursor": cursor}
    if text:
        if not cursor:
            context["articles"] = find.articles(text, actor=actor)
        if actor.is_known:
            hits = find.tickets(text, actor=actor, cursor=cursor, limit=REQUESTS_FOUND)
            context |= {"hits": hits, "entries": shown.found(hits.hits)}
    is_fragment = request.headers.get("HX-Target") == "results"
    name = "portal/results.html" if is_fragment else "portal/search.html"
    response = render(request, name, context)
    response["Vary"] = "HX-Request, HX-Target, Cookie"
    return response
