"""The link in a mail that asks how it was: signed, and good without signing in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.access import actor_for
from apps.kernel.forms import bound_to
from apps.tickets import actions, ratings
from apps.tickets.errors import RatingClosedError
from apps.tickets.forms import RatingForm


@never_cache
@require_http_methods(["GET", "POST"])
def rating(request: HttpRequest, token: str) -> HttpResponse:
    """GET only shows what was clicked: programs that scan mail follow every link (ADR 25)."""
    ticket, solved_at = ratings.behind(token)
    now = timezone.now()
    is_closed = ratings.solving(ticket, now=now) != solved_at
    if is_closed and request.method != "POST":
        raise RatingClosedError
    given = ratings.current(ticket, now=now)
    clicked = request.GET.get("score", "")
    chosen = clicked if clicked in set("12345") else (given.score if given else None)
    form = RatingForm(
        *bound_to(request),
        initial={"score": chosen, "comment": given.comment if given else ""},
    )
    done = False
    if is_closed:  # what they wrote stays before their eyes
        form.add_error(None, RatingClosedError.message)
    elif request.method == "POST" and form.is_valid():
        actions.rate(
            ticket=ticket,
            **form.cleaned_data,
            solved_at=solved_at,
            actor=actor_for(ticket.requester),
            now=now,
        )
        done = True
    context = {
        "form": form,
        "subject": ticket.subject,
        "done": done,
        "clicked": bool(chosen) and request.method == "GET",
    }
    status = RatingClosedError.status if is_closed else 200
    return render(request, "portal/rating.html", context, status=status)
