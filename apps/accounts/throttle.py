"""How often something may be tried: counted in the database before it is tried.

One UPDATE adds one and tells whether there was room, so parallel requests can't slip through. Keys
are digests: the table holds no addresses.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Throttle
from apps.kernel.errors import DomainError


class TooManyAttemptsError(DomainError):
    """`retry_after`, a timedelta, is told the visitor and their program."""

    code = "attempts.too-many"
    status = 429
    message = _("This was tried too often in a short time.")


def consume(scope: str, key: str, *, limit: int, window: timedelta, now: datetime) -> bool:
    """Count one attempt; False if the window has had `limit` of them already."""
    digest = _digest(scope, key)
    if _counted(digest, limit=limit, window=window, now=now):
        return True
    # Full, or never tried: a row that another request makes meanwhile is as good as ours.
    Throttle.objects.bulk_create([Throttle(key=digest, count=0, since=now)], ignore_conflicts=True)
    return _counted(digest, limit=limit, window=window, now=now)


def _counted(digest: str, *, limit: int, window: timedelta, now: datetime) -> bool:
    rows = Throttle.objects.filter(key=digest)
    if rows.filter(since__gt=now - window, count__lt=limit).update(count=F("count") + 1):
        return True
    return bool(rows.filter(since__lte=now - window).update(count=1, since=now))


def give_back(scope: str, key: str) -> None:
    """Take one attempt back: it was no guess."""
    Throttle.objects.filter(key=_digest(scope, key), count__gt=0).update(count=F("count") - 1)


def reset(scope: str, key: str) -> None:
    Throttle.objects.filter(key=_digest(scope, key)).delete()


def prune(*, before: datetime) -> int:
    """Forget windows that began before a moment."""
    return Throttle.objects.filter(since__lt=before).delete()[0]


def _digest(scope: str, key: str) -> str:
    text = f"{scope}:{key}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()
