from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from apps.kernel.compiled import Compiled

_by_key: Compiled[Session] = Compiled(
    lambda key: Session.objects.filter(session_key=key).order_by()[:1]
)


class SessionStore(db.SessionStore):
    """Django's sessions in the database, read once a request by a query that is made once."""

    def _get_session_from_db(self) -> Session | None:
        key = self.session_key
        session = _by_key.first(key) if key else None
        if session is None or session.expire_date <= timezone.now():
            self._session_key = None
            return None
        return session
