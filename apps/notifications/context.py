from __future__ import annotations

import functools

from django.http import HttpRequest

from apps.notifications import bell


def unread(request: HttpRequest) -> dict[str, object]:
    """How much is unread, for the bell: counted only by a template that asks."""
    return {"unread": functools.partial(_count, request)}


def _count(request: HttpRequest) -> int:
    return len(bell.unread(request))
