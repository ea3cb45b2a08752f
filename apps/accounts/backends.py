from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend

from apps.accounts.models import User
from apps.kernel.compiled import Compiled

# With the organisation, which says what its members see, and with what the desk's side shows.
_by_id: Compiled[User] = Compiled(
    lambda pk: (
        User.objects.select_related("organisation", "agent_state").filter(pk=pk).order_by()[:1]
    )
)


class Backend(AuthenticationBackend):
    def get_user(self, user_id: int) -> User | None:
        """Asked once a request."""
        user = _by_id.first(user_id)
        return user if user is not None and user.is_active else None
