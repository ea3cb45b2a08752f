"""What a person has not read yet, asked at most once a request."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.middleware import actor_of
from apps.kernel.compiled import Asked, CompiledFor, together
from apps.notifications import actions
from apps.notifications.models import Notification

_KEY = "desk_unread"
MOST = 100  # the bell says 99+


def unread(request: HttpRequest) -> list[int]:
    """The ticket of each unread note, at most `MOST` of them. One query; none for strangers."""
    found = request.META.get(_KEY)
    if not isinstance(found, list):
        found = request.META[_KEY] = _look(request)
    return found


def seen(request: HttpRequest, ticket_id: int) -> None:
    """The page of a ticket is opened: what was to be told of it is read. Writes only then."""
    before = unread(request)
    if ticket_id in before or len(before) == MOST:
        actions.mark_read(ticket_id=ticket_id, actor=actor_of(request), now=timezone.now())
        request.META.pop(_KEY)


def beside(request: HttpRequest, *asked: Asked) -> list[list[Any]]:
    """The rows of a page's own queries; what the bell says is asked in the same round trip."""
    actor = actor_of(request)
    if actor.id is None or isinstance(request.META.get(_KEY), list):
        return together(*asked)
    request.META[_KEY], *answers = together(_unread_of.asked(actor), *asked)
    return answers


def _look(request: HttpRequest) -> list[int]:
    actor = actor_of(request)
    if actor.id is None:
        return []
    return _unread_of(actor)


_unread_of: CompiledFor[int] = CompiledFor(
    lambda actor: (
        Notification.objects.shown_to(actor)
        .unread()
        .order_by()
        .values_list("ticket_id", flat=True)[:MOST]
    )
)
