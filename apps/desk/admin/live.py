"""What the open workspace asks for by itself: news, presence, drafts, what is on its way.

Each also works as a plain form, for whoever has no JavaScript.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.middleware import actor_of
from apps.desk import actions, directory, history, mentions, page, presence, reading, variables
from apps.desk.admin import workspace
from apps.desk.admin.workspace import Chrome
from apps.desk.errors import DraftChangedError, TooLateError
from apps.desk.models import Draft, SavedReply
from apps.kernel import markup
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError, NotFoundError
from apps.tickets import policies
from apps.tickets.actions import rows
from apps.tickets.models import Message, Ticket

Kind = Draft.Kind
MOST_REPLIES = 200


def _number(request: HttpRequest, name: str) -> int:
    text = (request.POST if request.method == "POST" else request.GET).get(name, "")[:18]
    return int(text) if text.isascii() and text.isdigit() else 0


def _kind(request: HttpRequest) -> str:
    said = request.POST if request.method == "POST" else request.GET
    return Kind.NOTE if "note" in said else Kind.REPLY


def _workable(request: HttpRequest, pk: int) -> tuple[Ticket, Actor]:
    actor = actor_of(request)
    ticket = workspace.ticket_for(pk, actor)
    if not policies.can_work(actor, ticket):
        raise ForbiddenError
    return ticket, actor


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


@require_safe
def news(request: HttpRequest, pk: int) -> HttpResponse:
    """What is new since `seen` (a message), `fact` and `version`; 304 if nothing is.

    Cheap while nothing happens: the ticket, its drafts and who is here.
    """
    actor, book, now = actor_of(request), directory.known(), timezone.now()
    ticket = workspace.ticket_for(pk, actor)
    people = page.colleagues(ticket, actor, book, now=now)
    desk = page.desk(reading.drafts_on(ticket.pk), actor, book)
    tag = _tag(ticket, people, desk)
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    context: dict[str, Any] = {
        "ticket": ticket,
        "people": people,
        "desk": desk,
        "sending": [(draft, page.preview(draft)) for draft in desk.sending],
        "is_changed": ticket.version != _number(request, "version"),
    }
    if context["is_changed"]:
        context |= _changes(request, ticket, actor, book)
    response = render(request, "admin/tickets/ticket/news.html", context)
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-store"
    return response


def _tag(ticket: Ticket, people: list[page.Colleague], desk: page.Desk) -> str:
    parts = [
        str(ticket.version),
        *(f"{one.name}:{one.state}" for one in people),
        *(f"s{draft.pk}" for draft in desk.sending),
        *(f"d{draft.kind}{draft.notice}" for draft in desk.drafts.values()),
        *desk.writers,
    ]
    return quote_etag(hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32])


def _changes(
    request: HttpRequest, ticket: Ticket, actor: Actor, book: directory.Directory
) -> dict[str, Any]:
    seen, fact = _number(request, "seen"), _number(request, "fact")
    about = reading.around(ticket, actor)
    family = page.relatives(ticket, about.near, actor)
    told = page.told(ticket, about.facts, book)
    new = page.written(page.said_on(family.family, actor).filter(pk__gt=seen), book)
    rated = reading.said((), [ticket, *about.others])
    fresh = [entry for entry in told if entry.id > fact]
    lines = [page.Item(line=line) for line in history.lines(fresh, since=None)]
    said = page.Conversation(items=sorted([*new, *lines], key=lambda item: item.at))
    others = [item.message for item in new if item.message and item.message.author_id != actor.id]
    return {
        "said": said,
        "history": told,
        "is_rearranged": any(entry.rearranges for entry in fresh),
        "writers": list(dict.fromkeys(str(one.author or _("The desk")) for one in others)),
        "is_answered": any(one.visibility == Message.Visibility.PUBLIC for one in others),
        **workspace.head(ticket, actor, family, told, said),
        **workspace.side(ticket, actor, book, family, about, rating=rated.rating),
        "seen": max([seen, *(item.message.pk for item in new if item.message)]),
    }


@require_POST
def here(request: HttpRequest, pk: int) -> HttpResponse:
    """A beat: I have this ticket open, or I am writing on it; `state=gone` as the page closes."""
    actor = actor_of(request)
    ticket = workspace.ticket_for(pk, actor)
    state = request.POST.get("state", "viewing")
    if state == "gone":
        presence.leave(ticket_id=ticket.pk, user_id=_me(actor))
    elif state in presence.STATES:
        presence.beat(ticket_id=ticket.pk, user_id=_me(actor), state=state, now=timezone.now())
    return HttpResponse(status=204)


def _me(actor: Actor) -> int:
    if actor.id is None:
        raise ForbiddenError
    return actor.id


@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what is being written. Without JavaScript: then back, or on to the saved replies."""
    ticket, actor = _workable(request, pk)
    now, kind = timezone.now(), _kind(request)
    try:
        version = actions.keep_draft(
            ticket=ticket,
            kind=kind,
            text=request.POST.get("text", ""),
            version=_number(request, "draft_version"),
            used=_ids(request.POST.get("used", "")),
            actor=actor,
            now=now,
        )
    except DraftChangedError as error:
        if not _wants_json(request):
            raise
        return JsonResponse({"told": str(error), **error.data}, status=error.status)
    if _wants_json(request):
        clock = date_format(timezone.localtime(now), "TIME_FORMAT")
        told = _("Draft kept %s") % clock if version else ""
        return JsonResponse({"version": version, "told": told})
    if request.GET.get("then") == "replies":
        suffix = "?note=1" if kind == Kind.NOTE else ""
        return redirect(f"{page.path_of(pk).removesuffix('change/')}replies/{suffix}")
    return redirect(f"{page.path_of(pk)}#composer")


def _ids(text: str) -> list[int]:
    return [int(part) for part in text.split(",")[:50] if part.isascii() and part.isdigit()]


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a reply back while it is on its way."""
    ticket, actor = _workable(request, pk)
    chosen = Draft.objects.filter(pk=_number(request, "draft"), ticket=ticket, author=actor.id)
    found = chosen.values_list("pk", flat=True).first()
    if found is None:
        raise TooLateError
    actions.undo_send(draft_id=found, actor=actor, now=timezone.now())
    return redirect(f"{page.path_of(pk)}#composer")


@require_POST
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """The page's countdown is over: send what is due there, should nobody have done so yet."""
    ticket, actor = _workable(request, pk)
    now = timezone.now()
    mine = Draft.objects.filter(ticket=ticket, author=actor.id).due(now=now)
    for one in list(mine.values_list("pk", flat=True)):
        actions.send_one(draft_id=one, now=now)
    return HttpResponse(status=204)


@require_POST
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """How a text will look: the same rendering as the message's own."""
    _workable(request, pk)
    text = request.POST.get("text", "")[: rows.TEXT_LIMIT]
    html = markup.render(text, "markdown")
    if _kind(request) == Kind.NOTE:
        staff = directory.known().staff
        html = mentions.shown(html, staff, mentions.handles(staff))
    return HttpResponse(html)


@require_safe
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom a note may mention: those of the staff who see the ticket."""
    ticket, actor = _workable(request, pk)
    book = directory.known()
    spelt = mentions.spelling(book.staff)
    chosen = book.may_see(ticket.team_id, ticket.assignee_id)
    told = [{"handle": spelt[i], "name": name} for i, name in chosen.items() if i != actor.id]
    return JsonResponse({"people": told})


@require_http_methods(["GET", "HEAD", "POST"])
def replies(request: HttpRequest, chrome: Chrome, pk: int) -> HttpResponse:
    """Saved replies, filled in for this ticket; posted, one goes to the end of the draft."""
    ticket, actor = _workable(request, pk)
    mine = SavedReply.objects.visible_to(actor).in_use()
    if request.method == "POST":
        chosen = mine.filter(pk=_number(request, "reply")).first()
        if chosen is None:
            raise NotFoundError
        actions.use_reply(
            reply=chosen, ticket=ticket, kind=_kind(request), actor=actor, now=timezone.now()
        )
        return redirect(f"{page.path_of(pk)}#composer")
    words = request.GET.get("q", "").strip()[:80]
    found = mine.filter(title__icontains=words) if words else mine
    values = actions.values_for(ticket, rows.person(actor))
    shown = [
        {
            "id": reply.pk,
            "title": reply.title,
            "shortcut": reply.shortcut,
            "scope": reply.get_scope_display(),
            "text": variables.fill(reply.body, values),
        }
        for reply in found.order_by("-used_count", "title")[:MOST_REPLIES]
    ]
    if _wants_json(request):
        return JsonResponse({"replies": shown})
    context = {
        **chrome(),
        "title": f"#{ticket.pk} {ticket.subject}",
        "ticket": ticket,
        "replies": shown,
        "q": words,
        "note": _kind(request) == Kind.NOTE,
    }
    return render(request, "admin/tickets/ticket/replies.html", context)
