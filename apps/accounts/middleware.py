from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation

from apps.accounts import vouching
from apps.accounts.access import actor_for
from apps.accounts.actions import sessions
from apps.accounts.factors import lacks_second_factor
from apps.accounts.models import User
from apps.accounts.zones import zone_of
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError
from apps.kernel.noting import note

_KEY = "desk_actor"

_WAY_OUT = "/admin/logout/"

# When the session was last noted as seen, in seconds; set when somebody signs in.
SEEN = "desk_seen"
SEEN_EVERY = 600

Next = Callable[[HttpRequest], HttpResponse]


def actor_of(request: HttpRequest) -> Actor:
    """Who asks, looked up once a request. Staff without a second factor are requesters."""
    found = request.META.get(_KEY)
    if not isinstance(found, Actor):
        found = actor_for(_user(request))
        if lacks_second_factor(request):
            found = replace(found, permissions=frozenset(), team_ids=frozenset())
        request.META[_KEY] = found
    return found


def locality(get_response: Next) -> Next:
    """Show each user the desk in their own language and time zone, and note who it is."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = _user(request)
        if isinstance(user, User):
            note(user=user.pk)
            timezone.activate(zone_of(user.time_zone))
            translation.activate(user.locale)
        try:
            return get_response(request)
        finally:
            timezone.deactivate()

    return middleware


def devices(get_response: Next) -> Next:
    """Keep when a signed-in browser was last seen: written once in ten minutes, not each time."""

    def middleware(request: HttpRequest) -> HttpResponse:
        seen = request.session.get(SEEN)
        if isinstance(seen, int) and (now := timezone.now()).timestamp() - seen > SEEN_EVERY:
            request.session[SEEN] = int(now.timestamp())
            sessions.touch(request, now=now)
        return get_response(request)

    return middleware


def vouched(get_response: Next) -> Next:
    """Send whom a provider let in there again after some hours: it may think otherwise by now."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not vouching.is_over(request, now=timezone.now()):
            return get_response(request)
        here = request.get_full_path() if request.method == "GET" else ""
        logout(request)
        return _led(request, reverse("account_login"), here)

    return middleware


def second_factor(get_response: Next) -> Next:
    """Lead staff who lack a second factor from the desk to where they set one up."""

    def middleware(request: HttpRequest) -> HttpResponse:
        is_desk = request.path_info.startswith("/admin/") and request.path_info != _WAY_OUT
        if not is_desk or not lacks_second_factor(request):
            return get_response(request)
        here = request.get_full_path() if request.method == "GET" else reverse("admin:index")
        return _led(request, reverse("second_factor"), here)

    return middleware


def _led(request: HttpRequest, to: str, here: str) -> HttpResponse:
    """To a page that leads back to `here`; for a part of a page, the whole browser goes there."""
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=HTTPStatus.NO_CONTENT)
        response["HX-Redirect"] = to
        return response
    return redirect(f"{to}?{urlencode({'next': here})}" if here else to)


def person_of(request: HttpRequest) -> User:
    """Whoever is signed in, as the session found them. Raises ForbiddenError for strangers."""
    user = _user(request)
    if not isinstance(user, User):
        raise ForbiddenError
    return user


def _user(request: HttpRequest) -> User | AnonymousUser:
    user = request.user
    return user if isinstance(user, User) else AnonymousUser()
