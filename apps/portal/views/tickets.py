"""The requests that a customer may see: the list, one of them, and what to do with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.middleware import actor_of
from apps.accounts.models import User
from apps.kernel.compiled import Compiled, together
from apps.kernel.errors import NotFoundError
from apps.kernel.forms import bound_to, shown_on
from apps.kernel.kept import Kept
from apps.notifications import bell
from apps.portal import lists, shown
from apps.portal.outlook import Standing, outlook
from apps.tickets import access, actions, conversation, policies, ratings, reference
from apps.tickets.errors import RatingClosedError
from apps.tickets.form_files import keep_files, pending
from apps.tickets.forms import RatingForm, WritingForm
from apps.tickets.models import Link, Message, Participant, Ticket
from apps.tickets.statuses import TERMINAL

PEOPLE_SHOWN = 200


@login_required
@require_safe
def ticket_list(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    asked = lists.asked(request.GET, actor)
    context: dict[str, Any] = {
        "asked": asked,
        "page": lists.page(asked, request),
        "states": [
            (asked.link(state=state), state, label)
            for state, label in (
                ("open", _("Open")),
                ("waiting", _("Waiting for you")),
                ("solved", _("Solved")),
                ("all", _("All")),
            )
        ],
        "whose": {
            whose: asked.link(whose=whose, person="") for whose in ("mine", "followed", "ours")
        },
        "kept": asked.said(q="").items(),
        "without_words": asked.link(q=""),
        "everywhere": asked.link(state="all"),
        "topics": _options(asked.topic),
        "may_share": actor.shared_organisation_id is not None,
        "with_people": asked.whose != "mine",
    }
    if asked.whose == "ours":
        context["people"] = _people(actor.shared_organisation_id or 0, asked.person)
    return render(request, "tickets/list.html", context)


def _options(chosen: int | None) -> SafeString:
    """Every topic as a choice: in a template ninety of them take as long as the list itself."""
    return _unchosen() if chosen is None else _choices(chosen)


def _choices(chosen: int | None = None) -> SafeString:
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (row.pk, mark_safe(" selected") if row.pk == chosen else "", row.name)
            for row in reference.offered()
        ),
    )


_unchosen: Kept[SafeString] = Kept(_choices)


_members: Compiled[tuple[str, str, str]] = Compiled(
    lambda pk: (
        User.objects.filter(organisation=pk)
        .order_by("name")
        .values_list("ref", "name", "email")[:PEOPLE_SHOWN]
    )
)


def _people(organisation_id: int, chosen: str) -> SafeString:
    """Colleagues as choices."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (ref, mark_safe(" selected") if ref == chosen else "", name or email.partition("@")[0])
            for ref, name, email in _members(organisation_id)
        ),
    )


@login_required
@require_safe
def ticket_page(request: HttpRequest, ref: str) -> HttpResponse:
    ticket = access.ticket_by_ref(ref, actor_of(request))
    return _show(request, ticket, WritingForm())


@login_required
@require_safe
def ticket_news(request: HttpRequest, ref: str) -> HttpResponse:
    """The conversation and where it stands, for a page that is open already.

    Nothing new costs one query: the ticket's version is the tag.
    """
    actor = actor_of(request)
    visible = Ticket.objects.visible_to(actor).filter(ref=ref)
    version = visible.values_list("version", flat=True).first()
    if version is None:
        raise NotFoundError
    if request.headers.get("If-None-Match") == _tag(version):
        return HttpResponseNotModified()
    ticket = access.ticket_by_ref(ref, actor)
    response = render(
        request,
        "tickets/news.html",
        _told(request, ticket, together(*conversation.asked(ticket, actor))),
    )
    response["ETag"] = _tag(ticket.version)
    response["Cache-Control"] = "private, no-cache"
    return response


def _tag(version: int) -> str:
    return f'"{version}"'


@login_required
@require_http_methods(["GET", "POST"])
def ticket_reply(request: HttpRequest, ref: str) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    ticket = access.ticket_by_ref(ref, actor)
    form = WritingForm(*bound_to(request))
    if request.method == "POST":
        keep_files(form, actor=actor, now=now)
        if form.is_valid():
            with shown_on(form):
                message = actions.reply(
                    ticket=ticket,
                    text=form.cleaned_data["text"],
                    uploads=form.cleaned_data["uploads"],
                    submission=form.cleaned_data["submission"],
                    actor=actor,
                    now=now,
                )
                if message.ticket_id != ticket.pk:
                    messages.success(request, _("We have opened a new request for this."))
                return redirect("ticket", message.ticket.ref)
    return _show(request, ticket, form)


@login_required
@require_POST
def ticket_solve(request: HttpRequest, ref: str) -> HttpResponse:
    actor = actor_of(request)
    ticket = access.ticket_by_ref(ref, actor)
    actions.solve(ticket=ticket, actor=actor, now=timezone.now())
    messages.success(request, _("Good to hear. If it comes back, just reopen it."))
    return redirect("ticket", ref)


@login_required
@require_POST
def ticket_reopen(request: HttpRequest, ref: str) -> HttpResponse:
    actor = actor_of(request)
    ticket = access.ticket_by_ref(ref, actor)
    actions.reopen(ticket=ticket, actor=actor, now=timezone.now())
    messages.success(request, _("It is open again. Tell us what is still wrong."))
    return redirect("ticket", ref)


@login_required
@require_POST
def ticket_rate(request: HttpRequest, ref: str) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    ticket = access.ticket_by_ref(ref, actor)
    form = RatingForm(request.POST)
    if not form.is_valid():
        return _show(request, ticket, WritingForm(), rating_form=form)
    try:
        actions.rate(ticket=ticket, **form.cleaned_data, actor=actor, now=now)
    except RatingClosedError as error:  # nothing is solved any more: their words fit an answer
        messages.error(request, str(error))
        said = form.cleaned_data["comment"]
        return _show(request, ticket, WritingForm(initial={"text": said} if said else None))
    messages.success(request, _("Thank you. Your answer helps us to help better."))
    return redirect("ticket", ref)


@login_required
@require_POST
def ticket_follow(request: HttpRequest, ref: str) -> HttpResponse:
    """Follow it oneself, or with an address bring a colleague in."""
    actor = actor_of(request)
    ticket = access.ticket_by_ref(ref, actor)
    address = request.POST.get("address", "").strip().lower()
    person = _colleague(ticket, address) if address else User.objects.get(pk=actor.id or 0)
    if person is None:
        messages.error(request, _("Nobody in your organisation has this address."))
        return _show(request, ticket, WritingForm(), colleague=address)
    actions.watch(ticket=ticket, user=person, actor=actor, now=timezone.now())
    told = _("%(name)s follows this request now.") if address else _("You follow this now.")
    messages.success(request, told % {"name": person} if address else told)
    return redirect("ticket", ref)


def _colleague(ticket: Ticket, address: str) -> User | None:
    """Unknown, and known but of somebody else: the answer doesn't tell which."""
    if ticket.organisation_id is None:
        return None
    colleagues = User.objects.filter(organisation=ticket.organisation_id, is_active=True)
    return colleagues.filter(email=address).first()


@login_required
@require_POST
def ticket_unfollow(request: HttpRequest, ref: str) -> HttpResponse:
    """Stop following it, or take a watcher away."""
    actor = actor_of(request)
    ticket = access.ticket_by_ref(ref, actor)
    watcher = ticket.participants.select_related("user")
    chosen = request.POST.get("watcher", "")[:18]
    mine = watcher.filter(user=actor.id).first()
    found = watcher.filter(pk=chosen).first() if chosen.isdecimal() else mine
    if found is None:
        return redirect("ticket", ref)
    actions.unwatch(
        ticket=ticket, user=found.user, address=found.address, actor=actor, now=timezone.now()
    )
    if not Ticket.objects.visible_to(actor).filter(pk=ticket.pk).exists():
        messages.success(request, _("You no longer follow this request."))
        return redirect("ticket_list")
    return redirect("ticket", ref)


def _show(
    request: HttpRequest,
    ticket: Ticket,
    form: WritingForm,
    rating_form: RatingForm | None = None,
    colleague: str = "",
) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    rating = ratings.current(ticket, now=now) if policies.can_rate(actor, ticket) else None
    if rating is not None and rating_form is None:
        rating_form = RatingForm(initial={"score": rating.score, "comment": rating.comment})
    watchers, links, *said = bell.beside(
        request,
        _watchers.asked(ticket.pk),
        _follow_ups.asked(ticket.pk),
        *conversation.asked(ticket, actor),
    )
    bell.seen(request, ticket.pk)
    is_staff = policies.can_work(actor, ticket)
    is_customer = _is_customer(request, ticket, watchers)
    context = {
        **_told(request, ticket, said),
        "form": form,
        "pending": pending(form, actor=actor, now=now),
        # Which of the staff look at it is the desk's business.
        "watchers": [
            row for row in watchers if is_staff or row.user is None or not row.user.is_staff
        ],
        "colleague": colleague,
        "follows": any(watcher.user_id == actor.id for watcher in watchers),
        "is_mine": ticket.requester_id == actor.id,
        "may_invite": ticket.requester_id == actor.id and ticket.organisation_id is not None,
        "may_reply": is_staff or is_customer,
        "may_settle": is_staff or is_customer,
        "is_staff": is_staff,
        "rating": rating,
        "rating_form": rating_form,
        "may_change_rating": rating is not None and ratings.may_change(rating, now=now),
        "links": _links(ticket, links),
        "tag": _tag(ticket.version),
        "draft": f"reply:{ticket.ref}",
    }
    return render(request, "tickets/ticket.html", context)


def _is_customer(request: HttpRequest, ticket: Ticket, watchers: list[Participant]) -> bool:
    """As policies.is_customer_side, which asks the database for what is here already."""
    actor = actor_of(request)
    if any(watcher.user_id == actor.id and watcher.can_reply for watcher in watchers):
        return policies.speaks_as_customer(actor, ticket, takes_part=True)
    return policies.speaks_as_customer(actor, ticket, takes_part=False)


def _told(request: HttpRequest, ticket: Ticket, said: list[list[Any]]) -> dict[str, object]:
    """What was said and where it stands: what may change while somebody reads."""
    actor = actor_of(request)
    rows = conversation.answered(ticket, actor, said)
    standing = Standing(
        category=ticket.status_category,
        updated_at=ticket.updated_at,
        resolved_at=ticket.resolved_at,
        scheduled_until=ticket.scheduled_until,
        due_at=ticket.next_due_at,
        has_answer=any(_is_answer(row) for row in rows),
    )
    return {
        "ticket": ticket,
        "is_final": ticket.status_category in TERMINAL,
        "said": shown.said(rows, ticket, actor),
        "outlook": outlook(
            standing,
            now=timezone.now(),
            close_pending_days=settings.CLOSE_PENDING_AFTER_DAYS,
            reopen_days=settings.REOPEN_WINDOW_DAYS,
        ),
    }


def _is_answer(message: Message) -> bool:
    return message.direction == "out" and message.visibility == "public"


_watchers: Compiled[Participant] = Compiled(
    lambda pk: Participant.objects.filter(ticket=pk).select_related("user").order_by("pk")
)
_follow_ups: Compiled[Link] = Compiled(
    lambda pk: (
        Link.objects.filter(Q(source=pk) | Q(target=pk), kind=Link.Kind.FOLLOWS)
        .select_related("source", "target")
        .order_by()
    )
)


def _links(ticket: Ticket, found: Sequence[Link]) -> dict[str, Any]:
    """What this request follows up, and what follows it up."""
    return {
        "before": [row.target for row in found if row.source_id == ticket.pk],
        "after": [row.source for row in found if row.target_id == ticket.pk],
    }
