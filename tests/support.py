"""What many tests share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)  # a Monday

# For tests of what happens at commit, or across connections.
transactional = pytest.mark.django_db(transaction=True, serialized_rollback=True)
