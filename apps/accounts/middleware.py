from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from apps.accounts.access import actor_for
from apps.accounts.actions import sessions
from apps.accounts.models import User
from apps.accounts.zones import zone_of
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError

_KEY = "desk_actor"

# When the session was last noted as seen, in seconds; set when somebody signs in.
SEEN = "desk_seen"
SEEN_EVERY = 600

Next = Callable[[HttpRequest], HttpResponse]


def actor_of(request: HttpRequest) -> Actor:
    """Who asks, looked up once a request."""
    found = request.META.get(_KEY)
    if not isinstance(found, Actor):
        found = request.META[_KEY] = actor_for(_user(request))
    return found


def locality(get_response: Next) -> Next:
    """Show each user the desk in their own language and time zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = _user(request)
        if isinstance(user, User):
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


def person_of(request: HttpRequest) -> User:
    """Whoever is signed in, as the session found them. Raises ForbiddenError for strangers."""
    user = _user(request)
    if not isinstance(user, User):
        raise ForbiddenError
    return user


def _user(request: HttpRequest) -> User | AnonymousUser:
    user = request.user
    return user if isinstance(user, User) else AnonymousUser()
