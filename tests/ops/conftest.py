from __future__ import annotations

from tests.notifications.conftest import outbox

__all__ = ["outbox"]
