"""How long a provider's word counts: whoever it let in asks it again after some hours.

It alone knows who was closed there or left a group, and it says so only when somebody signs in.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from django.conf import settings
from django.http import HttpRequest

from apps.accounts.models import User

UNTIL = "desk_vouched_until"  # in the session, in seconds
LATER = timedelta(hours=1)  # for what was typed into a page that was open
_STRONG = "desk_vouched_strong"  # of the request: whom the provider asked for a second factor


def vouch(request: HttpRequest, user: User, *, is_strong: bool) -> None:
    """The provider has just said who this is. Counts once they are signed in: see `begin`."""
    request.META[_STRONG] = user.pk if is_strong else None


def begin(request: HttpRequest, user: User, *, now: datetime) -> None:
    """Somebody was just signed in, whichever way they came.

    Only now: signing in ends the session of whoever was there before, and all that was kept in it.
    """
    records = get_authentication_records(request, user)
    if not any(record["method"] == "socialaccount" for record in records):
        return
    if request.META.get(_STRONG) == user.pk:
        record_authentication(request, user, "mfa", type="provider")
    until = now + timedelta(hours=settings.IDENTITY_SESSION_HOURS)
    request.session[UNTIL] = int(until.timestamp())


def is_over(request: HttpRequest, *, now: datetime) -> bool:
    """Whether the provider has to be asked again. What somebody sends has an hour longer."""
    until = request.session.get(UNTIL)
    if not isinstance(until, int):
        return False
    grace = timedelta() if request.method in {"GET", "HEAD"} else LATER
    return now.timestamp() > until + grace.total_seconds()
