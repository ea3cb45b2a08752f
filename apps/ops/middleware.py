from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import (
    MiddlewareNotUsed,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from apps.events.envelope import Cause, caused_by
from apps.kernel.counting import is_counting
from apps.kernel.errors import DomainError
from apps.kernel.noting import scope
from apps.kernel.tracing import Kind, Span, tracer
from apps.ops import failures
from apps.ops import health as checks
from apps.ops.metrics.pages import kind_of
from apps.ops.metrics.recording import recorder
from apps.ops.metrics.table import SLOW

logger = logging.getLogger(__name__)
served = logging.getLogger("apps.ops.served")

_MEGABYTE = 1 << 20
_DROPPED = 256  # megabytes of what is too large

Next = Callable[[HttpRequest], HttpResponse]


def unkept(get_response: Next) -> Next:
    """Nobody keeps an answer that says what went wrong: no browser, and no cache before the desk.

    CloudFront keeps errors by itself, for whoever asks next for the same address, though it keeps
    no page: one has a name in its head, or says that a page isn't there which has just come.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware


def health(get_response: Next) -> Next:
    """Answer /healthz/, /livez and /readyz before anything looks at the Host header."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info in {"/healthz/", "/livez"}:
            return HttpResponse("ok\n", content_type="text/plain")
        if request.path_info == "/readyz":
            found = checks.health()
            told = {
                "ready": not found.failing,
                "failing": found.failing,
                "degraded": found.degraded,
            }
            return JsonResponse(told, status=503 if found.failing else 200)
        return get_response(request)

    return middleware


def only_edge(get_response: Next) -> Next:
    """Answer whoever comes through the edge alone, which shows a secret (infra/edge.yaml).

    Its firewall and its limits would be worth nothing to who asks a load balancer by its own name.
    """
    # Several while one is changed, separated by spaces. A worker is asked by its own machine alone.
    known = settings.ORIGIN_SECRET.split()
    if not known or settings.ROLE == "worker":
        raise MiddlewareNotUsed

    def middleware(request: HttpRequest) -> HttpResponse:
        shown = request.headers.get("X-Origin-Secret", "")
        if not any(constant_time_compare(shown, secret) for secret in known):
            return HttpResponse(
                f"The desk is at {settings.SITE_URL}\n", content_type="text/plain", status=403
            )
        return get_response(request)

    return middleware


def readable_address(get_response: Next) -> Next:
    """No address or cookie of ours holds a NUL, and PostgreSQL fails wherever one turns up."""

    def middleware(request: HttpRequest) -> HttpResponse:
        asked = request.META.get("QUERY_STRING", "")
        if "\0" in request.path_info or "%00" in asked or "\0" in asked:
            raise Http404
        for name in [name for name, value in request.COOKIES.items() if "\0" in value]:
            del request.COOKIES[name]
        return get_response(request)

    return middleware


def request_context(get_response: Next) -> Next:
    """One correlation id per request, on its facts, its log lines and its answer.

    And the line that says that it was served. It names the route: addresses may hold secrets, and
    what is asked of them holds what people look for.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        with (
            caused_by(Cause(correlation_id=uuid.uuid4())) as cause,
            scope(),
            tracer.get().begin(
                str(request.method), kind=Kind.REQUEST, parent=_goes_on(request)
            ) as span,
        ):
            response = get_response(request)
            response["X-Request-Id"] = str(cause.correlation_id)
            _say(span, request, response.status_code)
            _tell(request, response.status_code, 1000 * (time.perf_counter() - began))
            return response

    return middleware


def _goes_on(request: HttpRequest) -> str | None:
    """What a fact's message brings the worker tier. No stranger chooses which requests we keep."""
    is_worker = settings.ROLE == "worker"
    return request.headers.get("X-Aws-Sqsd-Attr-Traceparent") if is_worker else None


def _say(span: Span, request: HttpRequest, status: int) -> None:
    route = route_of(request)
    span.rename(f"{request.method} {route}")
    span.say(
        http_request_method=str(request.method),
        http_route=route,
        http_response_status__code=status,
    )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.fail(str(status))


def _tell(request: HttpRequest, status: int, ms: float) -> None:
    route = route_of(request)
    served.info("%s %s %d", request.method, route, status, extra={"ms": round(ms, 1)})
    if is_counting():
        recorder.count("Requests")
        recorder.count("ServerErrors", status >= HTTPStatus.INTERNAL_SERVER_ERROR)
        recorder.count("SlowRequests", ms > SLOW)
        recorder.observe("Latency", ms, page=kind_of(route[1:]))


def route_of(request: HttpRequest) -> str:
    """The pattern of the address, such as /requests/<str:ref>/; that of no page is all alike."""
    found = request.resolver_match
    return f"/{found.route}" if found else "(no page)"


def admin_policy(get_response: Next) -> Next:
    """Let the admin's frame run: Alpine evaluates its attributes (ADR 10)."""
    relaxed = csp_update({"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]})
    in_admin: Next = relaxed(get_response)

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/admin/"):
            return in_admin(request)
        return get_response(request)

    return middleware


class domain_errors:  # noqa: N801 - named like its sibling middlewares
    """The one place where an anticipated failure that no form has shown becomes an answer."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        logger.info("refused", extra={"code": error.code, "route": route_of(request)})
        back = request.META.get("HTTP_REFERER", "")
        in_admin = request.path.startswith("/admin/") and request.method == "POST"
        if in_admin and url_has_allowed_host_and_scheme(back, {request.get_host()}):
            messages.error(request, str(error))
            return redirect(back)
        return failures.answer(request, failures.of(error))


def too_large(get_response: Next) -> Next:
    """Refuse what is larger than any form of the desk, in words instead of a bare 400.

    Django reads a form when it is first asked for it, and would answer before a view could. What
    says beforehand that it is larger is read and dropped: a browser that can't finish sending
    shows no answer. Strangers attach nothing, and nobody reads more of them than of a person.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return get_response(request)
        if _length(request) > _most(request):
            _drop(request)
            return failures.answer(request, failures.TOO_LARGE)
        try:
            request.POST.keys()
        except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent):
            return failures.answer(request, failures.TOO_LARGE)
        except UnreadablePostError:
            return failures.answer(request, failures.BAD)
        return get_response(request)

    return middleware


def _most(request: HttpRequest) -> int:
    """Bytes: the fields of a form, and the files of whoever may attach some."""
    files = settings.ATTACHMENT_MAX_BYTES * settings.ATTACHMENTS_PER_MESSAGE
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE + (files if request.user.is_authenticated else 0)


def _drop(request: HttpRequest) -> None:
    for _ in range(_DROPPED):
        if not request.read(_MEGABYTE):
            return


def _length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text) if text.isdecimal() else 0


def htmx(get_response: Next) -> Next:
    """A part of a page whose reader was signed out becomes a visit to the sign-in page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_part = request.headers.get("HX-Request") == "true"
        to = urlsplit(response.get("Location", ""))
        if (
            is_part
            and response.status_code == HTTPStatus.FOUND
            and to.path == reverse(settings.LOGIN_URL)
        ):
            page = urlsplit(request.headers.get("HX-Current-URL", ""))
            here = page._replace(scheme="", netloc="", fragment="").geturl() or "/"
            response = HttpResponse(status=HTTPStatus.NO_CONTENT)
            response["HX-Redirect"] = f"{to.path}?{urlencode({'next': here})}"
        return response

    return middleware
