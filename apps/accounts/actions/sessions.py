from __future__ import annotations

from datetime import datetime

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.http import HttpRequest


def touch(request: HttpRequest, *, now: datetime) -> None:
    """Note that a signed-in browser is there, and from where: its owner's list of devices."""
    agent = request.META.get("HTTP_USER_AGENT", "")
    UserSession.objects.filter(session_key=request.session.session_key).update(
        last_seen_at=now, ip=get_adapter().get_client_ip(request), user_agent=agent[:200]
    )
