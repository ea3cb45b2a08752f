"""The queue's page, its pulse, and what is done to many tickets at once."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.middleware import actor_of
from apps.accounts.models import Organisation, User
from apps.desk import bulk, rows, wording
from apps.desk.board import Board, View, board_of
from apps.desk.board import forget as forget_board
from apps.desk.listing import NEWS, Question
from apps.desk.options import options
from apps.search import find
from apps.tickets.filters import Filter
from apps.tickets.models import Status
from apps.tickets.orders import ORDERS, Order

_ID = re.compile(r"[1-9][0-9]{0,17}")
NO_ID = "9" * 18  # nobody of this name: nothing is found, rather than everything
TOLD = 8  # refusals that are told one by one
_NOT_BY_HAND = ("merged", "scheduled", "new")  # statuses that need more than a word


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\0", "").strip()
    if text:
        return _search(request, text)
    named = _named(request.GET)
    if named is not None:
        return redirect(f"{request.path}?{named}")
    return _queue(request)


def _queue(request: HttpRequest) -> HttpResponse:
    actor, now, found = actor_of(request), timezone.now(), options()
    board = board_of(actor)
    view, base, wanted, order = _wanted(request.GET, board)
    question = Question(filter=wanted, order=order, actor=actor, now=now, parents=found.parents)
    page = question.page(after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    path = reverse("admin:tickets_ticket_changelist")
    own = view.query if view is not None else _query(wanted, base)
    ordered = own if order.key == _own_order(view) else f"{own}&order={order.key}"
    context = {
        **_tools(request, board, path),
        "title": view.title if view is not None else _("Filtered"),
        "view": view,
        "based_on": base,
        "base_key": view.key if view is not None else base.key if base is not None else "",
        "rows": rows.listed(page, base=path, now=now),
        "found": len(page.rows),
        "is_first": not page.newer,
        "newer": f"?{ordered}&before={_plus(page.newer)}" if page.newer else "",
        "older": f"?{ordered}&after={_plus(page.older)}" if page.older else "",
        "orders": [(f"?{own}&order={one.key}", one) for one in ORDERS.values()],
        "order": order,
        "filter": wanted,
        "filter_query": wanted.to_query(),
        "own_query": own,
        "phrases": wording.phrases(wanted, found) if view is None else [],
        # Asked for by a part of the page that is kept for a while.
        "choices": lambda: wording.choices(wanted, found),
        "seen": now.isoformat(),
        "pulse": f"{path}pulse/?{wanted.to_query()}&since={_plus(now.isoformat())}",
        "is_ad_hoc": view is None,
    }
    return render(request, "admin/tickets/ticket/queue.html", context)


def _plus(text: str) -> str:
    return text.replace("+", "%2B")


def _own_order(view: View | None) -> str:
    return view.order if view is not None else "activity"


def _query(wanted: Filter, base: View | None) -> str:
    """The filter as an address; never empty, for an empty one would mean the first view."""
    query = wanted.to_query() or "filter=1"
    return f"{query}&base={base.key}" if base is not None else query


def _wanted(query: QueryDict, board: Board) -> tuple[View | None, View | None, Filter, Order]:
    """The view, or the filter by hand with the view that it began from, and the order."""
    by_hand = "filter" in query or any(name in query for name in Filter.KNOWN)
    view = None if by_hand else board.view(query.get("view", "")) or board.first_view()
    base = board.view(query.get("base", "")) if by_hand else None
    wanted = view.filter if view is not None else Filter.from_query(query)
    order = ORDERS.get(query.get("order", "")) or ORDERS[_own_order(view)]
    return view, base, wanted, order


def _named(query: QueryDict) -> str | None:
    """What was typed as a name becomes an id: the address and the view that keeps it hold ids."""
    if not query.get("requester_email") and not query.get("organisation_name"):
        return None
    fresh = query.copy()
    email = fresh.pop("requester_email", [""])[-1].strip().lower()
    if email:
        found = User.objects.filter(email=email).values_list("pk", flat=True).first()
        fresh.setlist("requester", [str(found or NO_ID)])
    name = fresh.pop("organisation_name", [""])[-1].strip()
    if name:
        found = Organisation.objects.filter(name__iexact=name).values_list("pk", flat=True).first()
        fresh.setlist("organisation", [str(found or NO_ID)])
    return fresh.urlencode()


def _tools(request: HttpRequest, board: Board, path: str) -> dict[str, Any]:
    """What the queue and the search's results share: views, menus, the bar for many tickets."""
    return {
        "path": path,
        "board": board,
        "menus": _menus,  # asked for by a part of the page that is kept for a while
        "me": actor_of(request).id,
        "most": bulk.MOST,
        "here": request.get_full_path(),
        "q": request.GET.get("q", ""),
        "NEWS": NEWS,
    }


def _menus() -> dict[str, Any]:
    found = options()
    statuses = Status.objects.filter(archived=False).exclude(category__in=_NOT_BY_HAND)
    return {
        "assign": [(agent.pk, agent.name) for agent in found.agents],
        "team": found.teams,
        "status": [(status.slug, str(status)) for status in statuses],
        "category": [(c.pk, wording.INDENT * depth + c.name) for c, depth in found.tree()],
    }


def _search(request: HttpRequest, text: str) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    path = reverse("admin:tickets_ticket_changelist")
    cursor = request.GET.get("cursor", "")
    page = find.tickets(text, actor=actor, cursor=cursor, limit=30)
    # Words that tickets have are no badly mistyped name.
    loosely = not page.total or bool(page.corrected)
    people = find.people(text, actor=actor, limit=6, loosely=loosely) if not cursor else []
    context = {
        **_tools(request, board_of(actor), path),
        "title": _("Search"),
        "page": page,
        "rows": rows.hits(page.hits, base=path, now=now),
        "found": len(page.hits),
        "is_first": not cursor,
        "older": "?" + urlencode({"q": text, "cursor": page.following}) if page.following else "",
        "people": people,
        "seen": now.isoformat(),
    }
    return render(request, "admin/tickets/ticket/found.html", context)


@require_safe
def pulse(request: HttpRequest) -> HttpResponse:
    """What changed since the page was made: the counts of the views, and how many rows are news."""
    actor, now = actor_of(request), timezone.now()
    board = board_of(actor)
    news = 0
    since = _moment(request.GET.get("since", ""))
    if since is not None:
        question = Question(
            filter=Filter.from_query(request.GET),
            order=ORDERS["activity"],
            actor=actor,
            now=now,
            parents=options().parents,
        )
        news = question.news(since)
    said = {
        "counts": {view.key: view.count for view in board.views if view.count is not None},
        "news": news,
        "news_text": _news_text(news),
    }
    tag = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:20]
    tag = f'"{tag}"'
    same = request.headers.get("If-None-Match") == tag
    answer: HttpResponse = HttpResponseNotModified() if same else JsonResponse(said)
    answer["ETag"], answer["Cache-Control"] = tag, "private, no-cache"
    return answer


def _news_text(news: int) -> str:
    if news >= NEWS:
        return _("%d or more new or changed") % news
    return ngettext("%d new or changed", "%d new or changed", news) % news


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


@require_POST
def many(request: HttpRequest) -> HttpResponse:
    """One verb on each chosen ticket, then back to where they were chosen."""
    actor, data = actor_of(request), request.POST
    what = _what(data)
    outcome = bulk.apply(
        [int(pk) for pk in data.getlist("ticket") if _ID.fullmatch(pk)],
        what,
        actor=actor,
        now=timezone.now(),
        seen=_moment(data.get("seen", "")),
    )
    forget_board(actor)
    _tell(request, outcome, what)
    back = data.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}):
        back = reverse("admin:tickets_ticket_changelist")
    return redirect(back)


def _what(data: QueryDict) -> str:
    """A button says it all; “apply” says it by the menu; a tag or number is typed beside."""
    what = data.get("do", "")
    if what == "apply":
        what = data.get("change", "")
    if what in {"tag", "untag", "merge"}:
        return f"{what}:{data.get('typed', '').strip()}"
    return what


def _tell(request: HttpRequest, outcome: bulk.Outcome, what: str) -> None:
    done = len(outcome.done)
    if done:
        told = ngettext("%(what)s: %(count)d ticket", "%(what)s: %(count)d tickets", done)
        deed = wording.deed(what, options())
        messages.success(request, told % {"what": deed, "count": done})
    for pk, why in outcome.refused[:TOLD]:
        messages.error(request, f"#{pk}: {why}")
    more = len(outcome.refused) - TOLD
    if more > 0:
        messages.error(
            request, ngettext("%d more was refused.", "%d more were refused.", more) % more
        )
