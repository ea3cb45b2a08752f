from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.webhooks.receiver import Receiver, receiver


@pytest.fixture
def server(settings: Any) -> Iterator[Receiver]:
    """A customer's server, on this machine: it is trusted by its address."""
    settings.WEBHOOK_TRUSTED_HOSTS = frozenset({"127.0.0.1"})
    with receiver() as kept:
        yield kept
