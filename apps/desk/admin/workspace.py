"""One ticket, as an agent works on it. Every button is one of the domain's actions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission
from apps.desk import actions as desk_actions
from apps.desk import directory, page, reading
from apps.desk.directory import Directory
from apps.desk.forms import ComposerForm, newest_message
from apps.desk.history import Entry
from apps.desk.menus import menu, tag_chips
from apps.desk.models import Draft
from apps.desk.page import Conversation
from apps.desk.panels import PANELS, Panel, offered
from apps.desk.reading import Around
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError, NotFoundError
from apps.kernel.forms import shown_on
from apps.notifications import addresses, bell
from apps.tickets import access, files, policies, statuses
from apps.tickets.form_files import keep_files, pending
from apps.tickets.models import Level, Message, Rating, Ticket

Chrome = Callable[[], dict[str, Any]]  # what the admin's frame needs
Kind = Draft.Kind


def require_agent(request: HttpRequest) -> None:
    if not actor_of(request).can(Permission.WORK_TICKETS):
        raise ForbiddenError


def ticket_for(pk: int, actor: Actor) -> Ticket:
    """One that the actor works on: nobody else opens its workspace, with its notes and drafts."""
    ticket = access.ticket_by_id(pk, actor)
    if not policies.can_work(actor, ticket):
        raise ForbiddenError
    return ticket


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Who only asked, or watches what a private team works on, is led to the customers' page."""
    actor = actor_of(request)
    ticket = access.ticket_by_id(pk, actor)
    if not policies.can_work(actor, ticket):
        return redirect("ticket", ticket.ref)
    bell.seen(request, ticket.pk)
    return _page(request, ticket, before=_anchor(request, actor))


def _anchor(request: HttpRequest, actor: Actor) -> Message | None:
    """The message before which an older part of the conversation is asked for."""
    before = request.GET.get("before", "")
    if not before.isascii() or not before.isdigit():
        return None
    return access.message_by_id(int(before[:18]), actor)


@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """A reply, or with the field “note” a work note. What is refused keeps its text."""
    actor = actor_of(request)
    ticket = ticket_for(pk, actor)
    if request.method != "POST":
        return redirect("admin:tickets_ticket_change", pk)
    kind, now = Kind.NOTE if "note" in request.POST else Kind.REPLY, timezone.now()
    draft = Draft.objects.resting().filter(ticket=ticket, author=actor.id, kind=kind).first()
    form = ComposerForm(request.POST, request.FILES, ticket=ticket, kind=kind, seen=0, draft=draft)
    keep_files(form, actor=actor, now=now)
    if form.is_valid():
        with shown_on(form):
            told: dict[str, Any] = {
                "ticket": ticket,
                "written": form.composed(),
                "actor": actor,
                "now": now,
            }
            if kind == Kind.NOTE:
                on = desk_actions.add_note(**told).ticket_id
            else:
                on = desk_actions.send_reply(**told).ticket_id
            return redirect(f"{page.path_of(on)}#latest")
        ticket = ticket_for(pk, actor)
        # What is new stands above the text now, so the next sending goes through.
        form.refresh(newest_message(ticket))
    form.pending = pending(form, actor=actor, now=now)
    return _page(request, ticket, composer=form, status=409)


@require_http_methods(["GET", "POST"])
def do(request: HttpRequest, chrome: Chrome, pk: int, panel: str) -> HttpResponse:
    """One panel, one action. What is refused stays in its panel, as it was typed."""
    actor = actor_of(request)
    ticket = ticket_for(pk, actor)
    kind = PANELS.get(panel)
    if kind is None:
        raise NotFoundError
    if not kind.allowed(ticket, actor):
        raise ForbiddenError
    if request.method != "POST":
        form = kind.show(ticket, actor, said=request.GET)
        return _panel_page(request, chrome, ticket, form, status=200)
    form = kind(request.POST, ticket=ticket, actor=actor)
    if form.is_valid():
        with shown_on(form):
            after = form.apply(now=timezone.now())
            return _done(request, form, after, actor)
        ticket = ticket_for(pk, actor)
        form.refresh(ticket.version)
    if panel == "take":  # it has no panel that could say it
        messages.error(request, " ".join(map(str, form.non_field_errors())))
        return redirect("admin:tickets_ticket_change", pk)
    return _panel_page(request, chrome, ticket, form, status=409)


def _done(request: HttpRequest, form: Panel, after: Ticket, actor: Actor) -> HttpResponse:
    """On to the ticket; to the queue, if it went where whoever gave it away sees nothing.

    A script that sent the form shows by itself what it did, unless it has to go.
    """
    is_seen = policies.can_view(actor, after)
    is_script = request.headers.get("X-Requested-With") == "fetch"
    if is_script and is_seen:
        return HttpResponse(status=204)
    messages.success(request, str(form.done))
    if is_seen:
        return redirect("admin:tickets_ticket_change", after.pk)
    messages.info(request, _("Its team is private: you don't see the ticket any more."))
    if is_script:
        away = {"HX-Redirect": reverse("admin:tickets_ticket_changelist")}
        return HttpResponse(status=204, headers=away)
    return redirect("admin:tickets_ticket_changelist")


def _panel_page(
    request: HttpRequest, chrome: Chrome, ticket: Ticket, panel: Panel, *, status: int
) -> HttpResponse:
    """A panel on a page of its own: what it will do is shown before it is done."""
    context = {
        **chrome(),
        "title": f"#{ticket.pk} {ticket.subject}",
        "ticket": ticket,
        "panel": panel,
        "troubled": panel.name if panel.is_bound else "",
        "shows_form": True,
        **panel.preview(request.POST if panel.is_bound else request.GET),
    }
    return render(request, "admin/tickets/ticket/do.html", context, status=status)


def _page(
    request: HttpRequest,
    ticket: Ticket,
    *,
    before: Message | None = None,
    composer: ComposerForm | None = None,
    status: int = 200,
) -> HttpResponse:
    actor, book, now = actor_of(request), directory.known(), timezone.now()
    about = reading.around(ticket, actor)
    family = page.relatives(ticket, about.near, actor)
    told = page.told(ticket, about.facts, book)
    ids = page.newest(family.family, about, actor, before=before)
    written = reading.said(ids[: reading.AT_ONCE], [ticket, *about.others])
    said = page.conversation(ids, written, told, book, before=before)
    context = {
        "title": f"#{ticket.pk}",
        "said": said,
        "history": told,
        "people": page.colleagues(ticket, actor, book, now=now),
        **head(ticket, actor, family, told, said),
        **side(ticket, actor, book, family, about, rating=written.rating),
        **composers(ticket, actor, book, about.drafts, said, instead=composer),
    }
    return render(request, "admin/tickets/ticket/workspace.html", context, status=status)


def head(
    ticket: Ticket,
    actor: Actor,
    family: page.Relatives,
    told: list[Entry],
    said: Conversation,
) -> dict[str, Any]:
    """What stands above the conversation, and where a page that asks for news goes on from."""
    shown = [item.message.pk for item in said.items if item.message]
    return {
        "ticket": ticket,
        "base": page.path_of(ticket.pk).removesuffix("change/"),
        "merged_in": family.merged,
        "may_work": policies.can_work(actor, ticket),
        "is_mine": ticket.assignee_id == actor.id,
        "is_final": ticket.status_category in statuses.TERMINAL,
        "why_assigned": _why_assigned(told),
        "seen": max(shown, default=0),
        "fact": told[0].id if told else 0,
        "inline_types": files.INLINE_TYPES,
    }


def _why_assigned(told: list[Entry]) -> str:
    """The last assignment explained, if a team's policy made it."""
    newest = next((entry for entry in told if entry.is_assignment), None)
    if newest is None or newest.why is None:
        return ""
    return render_to_string("admin/tickets/ticket/why.html", {"why": newest.why})


def side(
    ticket: Ticket,
    actor: Actor,
    book: Directory,
    family: page.Relatives,
    about: Around,
    *,
    rating: Rating | None,
) -> dict[str, Any]:
    """What stands beside the conversation."""
    team = book.members.get(ticket.team_id or 0)
    assignees = {
        pk: name
        for pk, name in book.staff.items()
        if team is None or pk in team or pk == ticket.assignee_id
    }
    categories = {pk: name for pk, name in book.categories.items() if pk in book.offered}
    return {
        "statuses": tuple(book.after(ticket.status_category)),
        "assignees": assignees,
        "menus": {
            "team": menu(book.teams, ticket.team_id),
            "assignee": menu(assignees, ticket.assignee_id),
            "category": menu(categories, ticket.category_id),
            "impact": menu(Level.choices, ticket.impact),
            "urgency": menu(Level.choices, ticket.urgency),
        },
        "tags": about.tags,
        "tag_chips": tag_chips(about.tags),
        "fields": page.fields(ticket),
        "ties": page.ties(ticket, about.links, actor),
        "children": family.children,
        "watchers": page.watchers(about.participants),
        "others": page.others_of_requester(about.others, rating),
        "trouble": addresses.trouble_of(ticket.requester.email),
        "local_time": page.local_time(ticket.requester.time_zone),
        "more": tuple(offered(ticket, actor)),
        "article_url": _article_url(ticket),
        "is_solved": ticket.resolved_at is not None,
        "articles": about.articles,
    }


def _article_url(ticket: Ticket) -> str:
    """Where a solved ticket becomes an article."""
    solved = ticket.resolved_at is not None
    return reverse("admin:tickets_ticket_article", args=[ticket.pk]) if solved else ""


def composers(
    ticket: Ticket,
    actor: Actor,
    book: Directory,
    drafts: list[Draft],
    said: Conversation,
    *,
    instead: ComposerForm | None = None,
) -> dict[str, Any]:
    """The two forms to write in, each with the draft that waits for it."""
    desk = page.desk(drafts, actor, book)
    seen = max((item.message.pk for item in said.items if item.message), default=0)
    if ticket.merged_into_id:
        seen = newest_message(ticket)
    begun_with = {**desk.drafts, **({instead.kind: None} if instead is not None else {})}
    forms = {
        kind: instead
        if instead is not None and instead.kind == kind
        else SimpleLazyObject(partial(_composer, ticket, kind, seen, desk.drafts.get(kind)))
        for kind in (Kind.REPLY, Kind.NOTE)
    }
    begun = instead.kind if instead else max(desk.drafts, default="", key=_written_at(desk))
    return {
        "desk": desk,
        "sending": [(draft, page.preview(draft)) for draft in desk.sending],
        "reply": forms[Kind.REPLY],
        "note": forms[Kind.NOTE],
        "blank": forms.keys() - begun_with.keys(),  # these need no form: they are all alike
        "read_up_to": seen,
        "may_reply": ticket.status_category not in statuses.TERMINAL or ticket.merged_into_id,
        "is_note": begun == Kind.NOTE,
    }


def _composer(ticket: Ticket, kind: str, seen: int, draft: Draft | None) -> ComposerForm:
    return ComposerForm(ticket=ticket, kind=kind, seen=seen, draft=draft)


def _written_at(desk: page.Desk) -> Any:
    return lambda kind: desk.drafts[kind].updated_at
