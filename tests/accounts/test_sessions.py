"""A sign-out holds everywhere at once, wherever sessions are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as desk
from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts import cached_sessions, sessions
from apps.accounts.actions import privacy
from tests.cast import Cast
from tests.redis_server import Server
from tests.support import NOON

pytestmark = pytest.mark.django_db
HOME = "/requests/"


@pytest.fixture
def in_redis(settings: Any, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    server.start()
    redis = {"BACKEND": "apps.ops.caches.redis.RedisCache", "LOCATION": server.url}
    settings.CACHES = {**settings.CACHES, "default": redis}
    yield server
    server.kill()


@pytest.fixture(params=["sessions", "cached_sessions"])
def kept(request: pytest.FixtureRequest, settings: Any) -> None:
    settings.SESSION_ENGINE = f"apps.accounts.{request.param}"
    if request.param == "cached_sessions":
        request.getfixturevalue("in_redis")


def signed_in(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.rachel)
    caches["default"].clear()  # the mark of having been changed, as a minute later
    return client


def is_in(client: Client) -> bool:
    status: int = client.get(HOME).status_code
    return status == 200


@pytest.mark.usefixtures("kept")
class TestWhereverTheyAreKept:
    def test_signing_out_ends_the_session_in_every_process(self, cast: Cast) -> None:
        client = signed_in(cast)
        thief = Client()
        thief.cookies.update(client.cookies)
        before = is_in(client), is_in(thief)

        client.logout()

        assert (before, is_in(thief)) == ((True, True), False)

    def test_whoever_is_anonymised_is_out(self, cast: Cast) -> None:
        client = signed_in(cast)
        is_in(client)

        privacy.anonymise_person(user=cast.rachel, actor=cast.actor(cast.ada), now=NOON)

        assert not is_in(client)

    def test_what_is_changed_is_there_at_the_next_request(self, cast: Cast) -> None:
        client = signed_in(cast)
        for value in range(3):
            session = client.session
            session["told"] = value
            session.save()

            assert (is_in(client), client.session["told"]) == (True, value)


def store(key: str | None) -> SessionBase:
    return cached_sessions.SessionStore(key)


@pytest.mark.usefixtures("in_redis")
class TestInRedis:
    def one(self) -> str:
        made = store(None)
        made["who"] = 7
        made.create()
        made.save()
        caches["default"].clear()  # the mark of having been changed
        key = made.session_key
        assert key is not None
        return key

    def test_a_session_is_read_without_the_database(self) -> None:
        key = self.one()
        store(key).load()

        with CaptureQueriesContext(connection) as asked:
            found = store(key).load()

        assert found == {"who": 7}
        assert len(asked) == 0

    def test_a_reader_that_was_slow_does_not_bring_an_ended_session_back(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = self.one()
        load = sessions.SessionStore.load

        def slow(self: Any) -> Any:
            data = load(self)
            store(None).delete(key)  # somebody signs out just then
            return data

        with monkeypatch.context() as patched:
            patched.setattr(sessions.SessionStore, "load", slow)
            store(key).load()

        assert store(key).load() == {}

    def test_sessions_go_on_and_end_while_redis_is_away(self, in_redis: Server) -> None:
        key = self.one()
        store(key).load()
        in_redis.kill()

        before = store(key).load()
        store(None).delete(key)

        assert (before, store(key).load()) == ({"who": 7}, {})


def test_a_process_with_a_memory_of_its_own_reads_the_database() -> None:
    assert desk.SESSION_ENGINE == "apps.accounts.sessions"
