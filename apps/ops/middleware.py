from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from csp.decorators import csp_update
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from apps.events.envelope import Cause, caused_by
from apps.kernel.errors import DomainError
from apps.ops import health as checks

logger = logging.getLogger(__name__)

Next = Callable[[HttpRequest], HttpResponse]


def health(get_response: Next) -> Next:
    """Answer /healthz/, /livez and /readyz before anything looks at the Host header."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info in {"/healthz/", "/livez"}:
            return HttpResponse("ok\n", content_type="text/plain")
        if request.path_info == "/readyz":
            failing = checks.failing()
            status = 503 if failing else 200
            return JsonResponse({"ready": not failing, "failing": failing}, status=status)
        return get_response(request)

    return middleware


def no_nul(get_response: Next) -> Next:
    """No address of ours holds a NUL, and PostgreSQL fails wherever one turns up: not found."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise Http404
        return get_response(request)

    return middleware


def request_context(get_response: Next) -> Next:
    """One correlation id per request, on its facts, its log lines and its answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with caused_by(Cause(correlation_id=uuid.uuid4())) as cause:
            response = get_response(request)
            response["X-Request-Id"] = str(cause.correlation_id)
            return response

    return middleware


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
        logger.info("refused", extra={"code": error.code, "path": request.path})
        back = request.META.get("HTTP_REFERER", "")
        in_admin = request.path.startswith("/admin/") and request.method == "POST"
        if in_admin and url_has_allowed_host_and_scheme(back, {request.get_host()}):
            messages.error(request, str(error))
            return redirect(back)
        context = {"error": error, "status": error.status}
        return render(request, "errors/refused.html", context, status=error.status)
