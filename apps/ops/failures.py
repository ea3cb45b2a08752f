"""Every failure that a visitor sees: a page, a notice for htmx, or JSON, all saying what to do."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import timedelta

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from apps.events.envelope import current_cause
from apps.kernel.errors import DomainError, NotFoundError

Text = str | Promise
# What a refused form held is shown for copying, but for these.
_SECRET = ("password", "csrf", "code", "credential", "secret", "token", "next", "submission")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """`icon` is one of static/icons/icons.svg."""

    status: int
    code: str
    title: Text
    text: Text
    icon: str = "alert"
    retry_after: timedelta | None = None


_TITLES: dict[int, tuple[Text, str]] = {
    401: (_("Sign in first"), "lock"),
    403: (_("You may not do this"), "lock"),
    404: (_("Not found"), "search"),
    413: (_("This is too large"), "file"),
    429: (_("Too many attempts"), "clock"),
}
BROKEN = Failure(
    status=500,
    code="broken",
    title=_("Something broke"),
    text=_("It is our fault, and it is noted. Try again in a moment."),
)
AWAY = Failure(
    status=503,
    code="database.away",
    title=_("We'll be right back"),
    text=_(
        "The desk's database doesn't answer for the moment. Nothing was half saved: go back, and"
        " send it again in a minute."
    ),
    icon="clock",
    retry_after=timedelta(minutes=1),
)
BAD = Failure(
    status=400,
    code="bad-request",
    title=_("We can't read this request"),
    text=_("Go back, reload the page, and try again."),
)
FORBIDDEN = Failure(
    status=403,
    code="forbidden",
    title=_("You may not do this"),
    text=_("Your account doesn't let you open this. If you think that it should, ask us."),
    icon="lock",
)
TOO_LARGE = Failure(
    status=413,
    code="too-large",
    title=_("This is too large"),
    text=_("Nothing was saved. Go back, send fewer or smaller files, or a shorter text."),
    icon="file",
)
STALE = Failure(
    status=403,
    code="form-stale",
    title=_("This form was open for too long"),
    text=_(
        "Nothing was sent, to keep others from sending it for you."
        " Reload the page, and send it again."
    ),
    icon="clock",
)
TOO_MANY = Failure(
    status=429,
    code="attempts.too-many",
    title=_("Too many attempts"),
    text=_("This was tried too often in a short time."),
    icon="clock",
    retry_after=timedelta(minutes=5),
)


def of(error: DomainError) -> Failure:
    """How an anticipated failure is shown."""
    title, icon = _TITLES.get(error.status, (_("This can't be done"), "alert"))
    wait = error.data.get("retry_after")
    return Failure(
        status=error.status,
        code=error.code,
        title=title,
        text=str(error),
        icon=icon,
        retry_after=wait if isinstance(wait, timedelta) else None,
    )


def answer(request: HttpRequest, failure: Failure, **more: object) -> HttpResponse:
    """The failure in the form that was asked for."""
    wait = failure.retry_after
    context = {
        "failure": failure,
        "minutes": -(-int(wait.total_seconds()) // 60) if wait else 0,
        "reference": "" if failure.status == NotFoundError.status else _reference(),
        **more,
    }
    if _wants_json(request):
        told = {"code": failure.code, "message": str(failure.text), "request": _reference()}
        response: HttpResponse = JsonResponse(told, status=failure.status)
    elif request.headers.get("HX-Request"):
        # Into the page's place for messages, wherever the request would have put its answer.
        response = render(request, "errors/notice.html", context, status=failure.status)
        response["HX-Retarget"], response["HX-Reswap"] = "#messages", "innerHTML show:top"
    elif failure in {BROKEN, BAD, AWAY}:
        # Nothing that may be broken itself: no database, no session, no manifest of files.
        html = render_to_string("errors/bare.html", context)
        response = HttpResponse(html, status=failure.status)
    else:
        response = render(request, "errors/page.html", context, status=failure.status)
    if wait is not None:
        response["Retry-After"] = str(int(wait.total_seconds()))
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return answer(request, BAD)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return answer(request, FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return answer(request, of(NotFoundError()))


def broken(request: HttpRequest) -> HttpResponse:
    error = sys.exc_info()[1]
    away = isinstance(error, (OperationalError, InterfaceError))
    return answer(request, AWAY if away else BROKEN)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """What allauth's own limits lead to."""
    return answer(request, TOO_MANY)


@sensitive_variables()
def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """The form's token has gone; what was typed is kept for copying."""
    typed = [
        value
        for name, values in request.POST.lists()
        if not any(word in name.lower() for word in _SECRET)
        for value in values
        if value.strip()
    ]
    back = request.META.get("HTTP_REFERER", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return answer(request, STALE, typed=typed, back=back if is_ours else "")


def _reference() -> str:
    return str(current_cause().correlation_id)


def _wants_json(request: HttpRequest) -> bool:
    return not request.accepts("text/html") and request.accepts("application/json")
