"""Sessions in the database, with a copy in a cache that all processes share.

The copy is trusted for a minute, so that one that could not be taken away, because the cache was
out of reach just then, ends by itself soon. Whoever ends or changes a session leaves a mark where
the copy was: a reader that read the row before that does not put an old copy back.
"""

from __future__ import annotations

from typing import Any

from apps.accounts import sessions
from apps.kernel.caching import SESSIONS

_GONE: dict[str, Any] = {"": "gone"}  # a session's own keys are never empty


class SessionStore(sessions.SessionStore):
    def load(self) -> dict[str, Any]:
        key = self.session_key
        copy = SESSIONS.get(key) if key else None
        if copy is not None and copy != _GONE:
            return copy
        data: dict[str, Any] = super().load()
        if self.session_key is not None and copy is None:
            SESSIONS.put_if_none(self.session_key, data)
        return data

    def save(self, must_create: bool = False) -> None:
        super().save(must_create)
        if self.session_key is not None and not must_create:
            SESSIONS.put(self.session_key, _GONE)

    def delete(self, session_key: str | None = None) -> None:
        super().delete(session_key)
        key = session_key or self.session_key
        if key is not None:
            SESSIONS.put(key, _GONE)
