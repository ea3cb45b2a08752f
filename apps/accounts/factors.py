"""Staff need a second factor: who has shown one, and who may not go on without."""

from __future__ import annotations

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from apps.accounts.models import User

_REAL = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def lacks_second_factor(request: HttpRequest) -> bool:
    """Whether this is somebody of the staff whose session has shown one factor only.

    A code, a key and a passkey count, and so does what a provider says that it has asked for.
    """
    user = request.user
    if settings.STAFF_MFA != "required" or not isinstance(user, User):
        return False
    if not user.is_staff and not user.is_superuser:
        return False
    records = get_authentication_records(request, user)
    return all(record["method"] != "mfa" for record in records)


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=_REAL).exists())


class FactorsAdapter(DefaultMFAAdapter):
    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last one stays with whoever needs one."""
        owner: User = authenticator.user
        if settings.STAFF_MFA != "required" or not owner.is_staff:
            return True
        others = Authenticator.objects.filter(user=owner, type__in=_REAL)
        is_last: bool = not others.exclude(pk=authenticator.pk).exists()
        return authenticator.type not in _REAL or not is_last
