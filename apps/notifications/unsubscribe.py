"""A link that stops all notifications of one person, without signing in."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.urls import reverse

from apps.accounts.models import User
from apps.kernel.errors import NotFoundError

_SALT = "notifications.unsubscribe"


def unsubscribe_url(user: User) -> str:
    token = signing.dumps(user.ref, salt=_SALT)
    return settings.SITE_URL + reverse("unsubscribe", args=[token])


def user_behind(token: str) -> User:
    """Raises NotFoundError for a token that isn't ours."""
    try:
        ref = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise NotFoundError from None
    user = User.objects.filter(ref=ref, is_active=True).first()
    if user is None:
        raise NotFoundError
    return user
