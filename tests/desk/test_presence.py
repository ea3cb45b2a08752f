"""Who is here is known to every process, and forgotten 25 seconds after the last beat."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection

from apps.desk import presence
from apps.desk.presence import Present
from tests.support import NOON, transactional

REDIS = os.environ.get("TEST_REDIS_URL")
STAFF = list(range(1, 13))


@pytest.fixture(params=["database", "redis"])
def shared(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    """The embedded cache, and the one on AWS, where each test has keys of its own."""
    if request.param == "redis":
        if REDIS is None:
            pytest.skip("no Redis: set TEST_REDIS_URL")
        redis = {
            "BACKEND": "apps.ops.caches.redis.RedisCache",
            "LOCATION": REDIS,
            "KEY_PREFIX": uuid.uuid4().hex,
        }
        settings.CACHES = {**settings.CACHES, "shared": redis}
    yield
    if request.param == "database":
        caches["shared"].clear()


def beat(user_id: int, state: presence.State = "viewing", ticket_id: int = 1) -> None:
    presence.beat(ticket_id=ticket_id, user_id=user_id, state=state, now=NOON)


@pytest.mark.usefixtures("shared")
@pytest.mark.django_db
class TestWhoeverIsHere:
    def test_is_seen_with_what_they_do_on_this_ticket_alone(self) -> None:
        beat(1)
        beat(2, "reply")
        beat(3, ticket_id=2)

        found = presence.here(ticket_id=1, among=STAFF, now=NOON)

        assert found == [Present(1, "viewing"), Present(2, "reply")]

    def test_is_gone_after_25_seconds(self) -> None:
        beat(1)

        almost = presence.here(ticket_id=1, among=STAFF, now=NOON + timedelta(seconds=24))
        after = presence.here(ticket_id=1, among=STAFF, now=NOON + timedelta(seconds=25))

        assert (len(almost), len(after)) == (1, 0)

    def test_is_gone_at_once_when_they_leave(self) -> None:
        beat(1)
        presence.leave(ticket_id=1, user_id=1)

        assert presence.here(ticket_id=1, among=STAFF, now=NOON) == []


@pytest.mark.usefixtures("shared")
@transactional
def test_parallel_beats_lose_nobody() -> None:
    ready = threading.Barrier(len(STAFF))

    def come(user_id: int) -> None:
        try:
            ready.wait()
            for state in presence.STATES:
                beat(user_id, state)
        finally:
            connection.close()

    threads = [threading.Thread(target=come, args=[pk]) for pk in STAFF]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = presence.here(ticket_id=1, among=STAFF, now=NOON)
    assert found == [Present(pk, "note") for pk in STAFF]
