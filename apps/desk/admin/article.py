"""A ticket's way into the knowledge base: a draft made of it, or an article that helped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.access import require
from apps.accounts.middleware import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.desk import articles
from apps.desk.admin import workspace
from apps.desk.articles import Said
from apps.kernel.errors import NotFoundError
from apps.kernel.forms import bound_to, shown_on
from apps.knowledge import access as knowledge
from apps.knowledge import actions, rendering, shelf
from apps.knowledge.forms import DraftForm
from apps.tickets import events
from apps.tickets.conversation import conversation
from apps.tickets.models import Message, Participant, Ticket

Chrome = Callable[[], dict[str, Any]]  # what the admin's frame needs
FOUND = 8  # articles that a search for one to link shows
SOLVED = {"resolved", "closed"}


class FromTicketForm(DraftForm):
    """The proposal, to be read and mended before it is a draft."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].help_text = _(
            "Names, addresses and numbers were taken out. Read it once more: nobody should be"
            " recognised."
        )
        self.fields["source"].widget = forms.Textarea(attrs={"rows": 18})


@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest, chrome: Chrome, pk: int) -> HttpResponse:
    actor = actor_of(request)
    ticket = workspace.ticket_for(pk, actor)
    require(actor, Permission.WRITE_ARTICLES)
    if request.method == "POST" and "link" in request.POST:
        return _link(request, ticket)
    question, answers = _said(conversation(ticket, actor))
    if question is None:
        raise NotFoundError
    chosen = _chosen(request, answers)
    form = FromTicketForm(*bound_to(request), initial=_initial(ticket, question, chosen))
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            article = actions.draft(
                **form.cleaned_data,
                origin=events.subject_of(ticket.pk),
                actor=actor,
                now=timezone.now(),
            )
            messages.success(request, _("The draft is saved. Only writers see it."))
            return redirect("admin:knowledge_article_change", article.pk)
    words = request.GET.get("find", "").replace("\0", "").strip()
    context = {
        **chrome(),
        "title": _("Article from #%d") % ticket.pk,
        "ticket": ticket,
        "form": form,
        "preview": rendering.render(str(form["source"].value() or ""), images=frozenset()).html,
        "answers": [(answer, answer in chosen) for answer in answers],
        "is_solved": ticket.status_category in SOLVED,
        "linked": shelf.linked_to(events.subject_of(ticket.pk), actor),
        "words": words,
        "found": shelf.titled(words, actor, limit=FOUND) if words else [],
    }
    return render(request, "admin/desk/article.html", context)


def _link(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    actor, asked = actor_of(request), request.POST["link"]
    article = knowledge.article_by_id(int(asked[:18]) if asked.isdecimal() else 0, actor)
    target = events.subject_of(ticket.pk)
    actions.link(article=article, target=target, actor=actor, now=timezone.now())
    messages.success(request, _("The article is linked to this ticket."))
    return redirect("admin:tickets_ticket_article", ticket.pk)


def _said(told: list[Message]) -> tuple[Said | None, list[Said]]:
    """The first question, and what people of the desk answered; notes stay where they are."""
    public = [m for m in told if m.visibility == Message.Visibility.PUBLIC and m.source]
    asked = [m for m in public if m.direction == Message.Direction.IN]
    answered = [m for m in public if m.direction == Message.Direction.OUT and not m.is_automatic]
    return (_as_said(asked[0]) if asked else None), [_as_said(m) for m in answered]


def _as_said(message: Message) -> Said:
    return Said(id=message.pk, text=message.source, is_markdown=message.form == "markdown")


def _chosen(request: HttpRequest, answers: list[Said]) -> list[Said]:
    """Those that the agent ticked; before that, the one that says most."""
    if "answers" in request.GET:
        wanted = set(request.GET.getlist("answers"))
        return [answer for answer in answers if str(answer.id) in wanted]
    best = articles.fullest(answers)
    return [best] if best else []


def _initial(ticket: Ticket, question: Said, chosen: list[Said]) -> dict[str, object]:
    people, others = _names(ticket)
    proposal = articles.propose(ticket.subject, question, chosen, people=people, others=others)
    return {
        "title": proposal.title,
        "source": proposal.source,
        "audience": "public",
        "language": ticket.language,
    }


def _names(ticket: Ticket) -> tuple[set[str], set[str]]:
    """What everybody on the ticket is called: people, then their addresses and the company."""
    writers = Message.objects.filter(ticket=ticket).values("author")
    followers = Participant.objects.filter(ticket=ticket)
    on_it = Q(pk__in=writers) | Q(pk__in=followers.values("user")) | Q(pk=ticket.requester_id)
    known = list(User.objects.filter(on_it).values_list("name", "email"))
    others = {email for _name, email in known}
    others |= set(followers.exclude(address="").values_list("address", flat=True))
    if ticket.organisation is not None:
        others.add(ticket.organisation.name)
    return {name for name, _email in known if name}, others
