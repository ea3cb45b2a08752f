"""How a visitor wants the pages: their language, and light or dark."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

THEME_COOKIE = "theme"
THEMES = frozenset({"light", "dark"})  # anything else follows the system
_YEAR = 365 * 24 * 3600


def theme_of(request: HttpRequest) -> str:
    """What the visitor chose; empty if the system is to say."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def back(request: HttpRequest) -> HttpResponseRedirect:
    """To the page that the form was on."""
    url = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure())
    return redirect(url if is_ours else settings.LOGIN_REDIRECT_URL)


def remember(response: HttpResponse, cookie: str, value: str) -> None:
    """For a year, or no longer if the value is empty."""
    if not value:
        response.delete_cookie(cookie, samesite="Lax")
        return
    response.set_cookie(
        cookie,
        value,
        max_age=_YEAR,
        samesite="Lax",
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
    )
