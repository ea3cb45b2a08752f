from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from apps.accounts.access import actor_for

if TYPE_CHECKING:
    from apps.kernel.actors import Actor


class DeskRequest(HttpRequest):
    """What views receive: Django's request with the actor that the middleware below adds."""

    actor: Actor


def actor(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give every request its `actor`, looked up on first use, and the user's language and zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: actor_for(request.user))  # type: ignore[attr-defined]
        return get_response(request)

    return middleware
