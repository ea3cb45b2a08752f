"""A new request: choose what it is about, write it, or find that it is answered already."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.middleware import actor_of, person_of
from apps.kernel import markup
from apps.kernel.actors import Actor
from apps.kernel.errors import NotFoundError
from apps.kernel.forms import bound_to, shown_on
from apps.knowledge import shelf
from apps.portal import actions as portal
from apps.search import find
from apps.tickets import actions, custom, reference
from apps.tickets.actions.rows import TEXT_LIMIT
from apps.tickets.form_files import keep_files, pending
from apps.tickets.forms import RequestForm
from apps.tickets.models import Category, Ticket

RECENT = 4
_LOOKED_AT = 20  # the newest requests, for the topics that somebody uses
WORDS_SUGGESTED_BY = 300  # characters


@dataclass(frozen=True, slots=True)
class Topics:
    """A top category with those below it; one without any is a topic itself."""

    top: Category
    below: list[Category]


@login_required
@require_safe
def ticket_choose(request: HttpRequest) -> HttpResponse:
    """What is it about? The category decides what else we ask."""
    text = request.GET.get("q", "").strip()[:100]
    rows = reference.offered()
    context = {
        "text": text,
        "groups": _groups(rows, text.casefold()),
        "recent": _recent(rows, actor_of(request)) if not text else [],
    }
    return render(request, "tickets/choose.html", context)


def _groups(rows: list[Category], text: str) -> list[Topics]:
    """All of them, or those with the text in their names or descriptions. Pure."""
    children: dict[int | None, list[Category]] = {}
    for row in rows:
        children.setdefault(row.parent_id, []).append(row)
    groups = []
    for top in children.get(None, []):
        below = children.get(top.pk, [])
        if not _names(top, text):
            below = [row for row in below if _names(row, text)]
            if not below:
                continue
        groups.append(Topics(top, below))
    return groups


def _names(row: Category, text: str) -> bool:
    return text in row.name.casefold() or text in row.description.casefold()


def _recent(rows: list[Category], actor: Actor) -> list[Category]:
    """What the actor asked about last, without what stands above other topics."""
    newest = Ticket.objects.raised_by(actor.id).order_by("-updated_at", "-pk")
    used = list(newest.values_list("category_id", flat=True)[:_LOOKED_AT])
    parents = {row.parent_id for row in rows}
    known = {row.pk: row for row in rows if row.pk not in parents}
    return [known[pk] for pk in dict.fromkeys(used) if pk in known][:RECENT]


@login_required
@require_http_methods(["GET", "POST"])
def ticket_new(request: HttpRequest, slug: str = "") -> HttpResponse:
    category = _category(slug)
    actor, now = actor_of(request), timezone.now()
    form = RequestForm(
        *bound_to(request),
        definitions=custom.definitions_for(category),
    )
    suggested = None
    if request.method == "POST":
        keep_files(form, actor=actor, now=now)
        if "check" in request.POST:
            suggested = find.suggest(_written(request), actor=actor)
            form = form.unsent()
        elif form.is_valid():
            with shown_on(form):
                ticket = actions.raise_ticket(
                    requester=person_of(request),
                    subject=form.cleaned_data["subject"],
                    text=form.cleaned_data["text"],
                    category=category,
                    custom=form.custom(),
                    uploads=form.cleaned_data["uploads"],
                    submission=form.cleaned_data["submission"],
                    actor=actor,
                    now=now,
                )
                messages.success(request, _("We have your request. You will hear from us by mail."))
                return redirect("ticket", ticket.ref)
    context = {
        "form": form,
        "category": category,
        "pending": pending(form, actor=actor, now=now),
        "suggested": suggested,
        "draft": f"new:{slug or 'other'}",
    }
    return render(request, "tickets/new.html", context)


def _category(slug: str) -> Category | None:
    if not slug:
        return None
    category = reference.category_by_slug(slug)
    if category is None:
        raise NotFoundError
    return category


def _written(request: HttpRequest) -> str:
    text = f"{request.POST.get('subject', '')} {request.POST.get('text', '')}"
    return text.strip()[:WORDS_SUGGESTED_BY]


@login_required
@require_POST
def suggest(request: HttpRequest) -> HttpResponse:
    """Articles that may answer what is being typed, for the panel beside it."""
    text = _written(request)
    found = find.suggest(text, actor=actor_of(request)) if text else []
    return render(request, "portal/suggested.html", {"suggested": found})


@login_required
@require_POST
def read(request: HttpRequest, slug: str) -> HttpResponse:
    """A suggested article, opened in the panel: noted, since it may spare a request."""
    actor = actor_of(request)
    article = shelf.by_slug(slug, actor)
    visit = _visit(request)
    if visit is not None:
        portal.note_opening(visit=visit, article_id=article.pk, actor=actor, now=timezone.now())
    return render(request, "portal/read.html", {"article": article})


@login_required
@require_POST
def answered(request: HttpRequest) -> HttpResponse:
    """The button “This answered it”: the visit ends without a request."""
    actor = actor_of(request)
    article = shelf.by_slug(request.POST.get("answered", "")[:120], actor)
    visit = _visit(request)
    if visit is not None:
        portal.say_answered(visit=visit, article_id=article.pk, actor=actor, now=timezone.now())
    messages.success(request, _("Good to hear. We have sent nothing."))
    return redirect("home")


def _visit(request: HttpRequest) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.POST.get("submission", ""))
    except ValueError:
        return None


@login_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What Markdown becomes, before it is sent."""
    text = request.POST.get("text", "")[:TEXT_LIMIT]
    html = markup.render(text.replace("\0", ""), "markdown")
    return render(request, "portal/preview.html", {"html": html})
