from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend

from apps.accounts.models import User


class Backend(AuthenticationBackend):
    def get_user(self, user_id: int) -> User | None:
        """Once a request: with the organisation, which says what its members see."""
        user = User.objects.select_related("organisation").filter(pk=user_id).first()
        return user if user is not None and user.is_active else None
