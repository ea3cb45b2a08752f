"""What many tests share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)  # a Monday

# For tests of what happens at commit, or across connections.
transactional = pytest.mark.django_db(transaction=True, serialized_rollback=True)


class QuickHasher(PBKDF2PasswordHasher):
    """The desk's own, but for its turns: each real one takes half a second of a core."""

    iterations = 1_000
