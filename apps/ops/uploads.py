"""How large a request may be, said before any of it is read."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults

from apps.accounts.models import User
from apps.kernel.errors import DomainError
from apps.ops.middleware import Next

_TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


class BodyTooLargeError(DomainError):
    code = "request.too-large"
    status = 413
    message = "This is more than the desk takes at once. Send fewer or smaller files."


def body_limit(get_response: Next) -> Next:
    """Refuse by its announced length what would fill the disk: Django spools uploads of any size.

    Strangers attach nothing. A body without a length is read by nobody.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        length = int(announced[:18]) if announced.isdecimal() else 0
        if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE and length > _most(request):
            return too_large(request)
        return get_response(request)

    return middleware


def _most(request: HttpRequest) -> int:
    """Bytes; the forms beside the files have room too."""
    files = settings.ATTACHMENT_MAX_BYTES * settings.ATTACHMENTS_PER_MESSAGE
    is_known = isinstance(request.user, User)
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE + (files if is_known else 0)


def too_large(request: HttpRequest) -> HttpResponse:
    error = BodyTooLargeError()
    context = {"error": error, "status": error.status}
    return render(request, ["413.html", "errors/refused.html"], context, status=error.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's answer to what it will not read; too much of it has a page of its own."""
    if isinstance(exception, _TOO_LARGE):
        return too_large(request)
    return defaults.bad_request(request, exception)
