"""What is cached: made once, forgotten by facts; and a Redis that goes and comes back."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, make_dataclass
from pathlib import Path
from typing import Any, Self

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import BaseCache, caches
from django.db import connection

from apps.desk.actions import save_view
from apps.desk.board import board_of
from apps.desk.directory import known
from apps.desk.live import last_hour
from apps.events import registry
from apps.kernel import caching
from apps.kernel.caching import Computed, Noted
from apps.kernel.circuit import RETRY, Circuit
from apps.kernel.shapes import dataclasses_of
from apps.ops.caches import redis as redis_cache
from apps.tickets.filters import Filter
from tests.cast import Cast
from tests.redis_server import Server
from tests.support import NOON, transactional


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A circuit's: a test that waits for it moves it."""
    made = Clock()
    monkeypatch.setattr(redis_cache, "Circuit", lambda name: Circuit(name, clock=made))
    redis_cache._circuit.cache_clear()
    return made


def use_redis(settings: Any, url: str) -> BaseCache:
    redis = {"BACKEND": "apps.ops.caches.redis.RedisCache", "LOCATION": url}
    settings.CACHES = {**settings.CACHES, "default": redis}
    return caches["default"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture(params=["memory", "redis"])
def cache(request: pytest.FixtureRequest, settings: Any) -> BaseCache:
    if request.param == "redis":
        server: Server = request.getfixturevalue("server")
        return use_redis(settings, server.url)
    return caches["default"]


class TestRedisThatGoes:
    def test_is_not_there_and_then_is_again(
        self, server: Server, settings: Any, clock: Clock, db: None
    ) -> None:
        cache = use_redis(settings, server.url)
        cache.set("key", 1, 60)
        server.kill()
        cache.set("key", 2, 60)
        gone = [cache.get("key", "none"), cache.get_many(["key"])]
        away = caching.is_away(cache)
        server.start()
        still = cache.get("key")
        clock.now += RETRY
        cache.set("key", 3, 60)

        assert gone == ["none", {}]
        assert (away, still, cache.get("key"), caching.is_away(cache)) == (True, None, 3, False)

    def test_a_restart_between_two_calls_is_not_noticed(
        self, server: Server, settings: Any, clock: Clock
    ) -> None:
        cache = use_redis(settings, server.url)
        cache.set("key", 1, 60)
        server.kill()
        server.start()

        cache.set("key", 2, 60)

        assert cache.get("key") == 2

    def test_is_told_once_and_asked_once_in_a_while(
        self, settings: Any, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        with Hole() as hole, caplog.at_level(logging.INFO):
            cache = use_redis(settings, hole.url)
            for _ in range(50):
                cache.get("key")
            asked_first = hole.connections
            clock.now += RETRY
            for _ in range(50):
                cache.get("key")
            asked_then = hole.connections

        assert asked_then == 2 * asked_first
        told = [record.getMessage() for record in caplog.records]
        assert len(told) == 1
        assert "is away" in told[0]

    def test_locks_go_on_locking(self, settings: Any, clock: Clock, db: None) -> None:
        with Hole() as hole:
            cache = use_redis(settings, hole.url)

            taken = [cache.add("lock", 1, 10), cache.add("lock", 1, 10)]
            cache.delete("lock")

            assert [*taken, cache.add("lock", 1, 10)] == [True, False, True]

    def test_computed_values_are_made_without_it(self, settings: Any, clock: Clock) -> None:
        entry: Computed[int] = Computed("an entry", 60)
        with Hole() as hole:
            use_redis(settings, hole.url).get("key")

            assert [entry.get(lambda: 1), entry.get(lambda: 2)] == [1, 2]


@dataclass
class Board:
    """What a release keeps. The next one has another."""

    views: int


def of_next_release(monkeypatch: pytest.MonkeyPatch, *fields: tuple[str, Any]) -> type:
    """The same class as the next release has it."""
    namespace = {"__module__": __name__, "__qualname__": "Board"}
    later = make_dataclass("Board", fields, namespace=namespace)
    monkeypatch.setitem(globals(), "Board", later)
    return later


class TestWhatAnotherReleaseKept:
    @pytest.fixture
    def redis(self, server: Server, settings: Any) -> BaseCache:
        redis_cache._tell.cache_clear()
        return use_redis(settings, server.url)

    def test_of_a_class_that_is_gone_is_not_there_and_told_once(
        self, redis: BaseCache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        redis.set_many({"board": Board(1), "number": 1}, 60)
        monkeypatch.delitem(globals(), "Board")

        for _ in range(2):
            assert redis.get("board") is None
            assert redis.get("board", "none") == "none"
            assert redis.get_many(["board", "number"]) == {"number": 1}
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "Board" in caplog.text
        assert not caching.is_away(redis)

    def test_that_is_nonsense_is_not_there(self, redis: Any) -> None:
        redis.client.get_client().set(redis.make_key("key"), b"nonsense")

        assert redis.get("key", "none") == "none"

    def test_is_made_anew_where_its_class_is_gone(
        self, redis: BaseCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        entry: Computed[Any] = Computed("board", 60)
        entry.get(lambda: Board(1))
        monkeypatch.delitem(globals(), "Board")

        assert entry.get(lambda: "new") == "new"

    def test_of_another_shape_is_kept_beside_ours(
        self, redis: BaseCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        entry: Computed[Any] = Computed("board", 60)
        old = Board
        assert entry.get(lambda: old(1), holds=old).views == 1

        new = of_next_release(monkeypatch, ("views", int), ("pinned", int))

        assert entry.get(lambda: new(2, 3), holds=new).pinned == 3
        entry.forget_all()  # by a fact that one of them heard
        assert entry.get(lambda: new(4, 5), holds=new).pinned == 5
        monkeypatch.undo()
        assert entry.get(lambda: old(6), holds=old).views == 6


@pytest.mark.django_db
def test_every_entry_says_all_that_its_values_hold(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of a class that it doesn't name would be read by a release that has it otherwise."""
    made: dict[str, tuple[object, object]] = {}
    ask = Computed.get

    def noted(self: Computed[Any], make: Callable[[], Any], *args: Any, **named: Any) -> Any:
        value = ask(self, make, *args, **named)
        made[self.key] = value, named.get("holds")
        return value

    monkeypatch.setattr(Computed, "get", noted)
    alice = cast.actor(cast.alice)
    save_view(name="Mine", filter_=Filter(), order="activity", actor=alice, now=NOON)
    known()
    last_hour(NOON)
    board_of(alice)

    assert set(made) == {entry.key for entry in caching.COMPUTED}
    for value, holds in made.values():
        assert _classes_in(value) <= set(dataclasses_of(holds))


def _classes_in(value: object) -> set[type]:
    """Dataclasses of a value, however deep."""
    if is_dataclass(value):
        inside = (getattr(value, field.name) for field in fields(value))
        return {type(value)}.union(*map(_classes_in, inside))
    if isinstance(value, Mapping):
        return set().union(*map(_classes_in, [*value.keys(), *value.values()]))
    if isinstance(value, (list, tuple, set, frozenset)):
        return set().union(*map(_classes_in, value))
    return set()


class Hole:
    """Takes connections and never answers."""

    def __enter__(self) -> Self:
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._socket.getsockname()[1]}/0"
        self._kept: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def _accept(self) -> None:
        while True:
            try:
                self._kept.append(self._socket.accept()[0])
            except OSError:
                return
            self.connections += 1

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        for one in self._kept:
            one.close()


class TestOneTimeCodes:
    def used(self, code: str = "123456") -> bool:
        """As allauth notes that a code has been used: whether this is the first time."""
        return bool(TOTP(type("Of", (), {"user_id": 7})())._mark_code_used(code))

    def test_are_used_once_whichever_process_was_asked(self, db: None) -> None:
        first = self.used()
        caches["default"].clear()  # what the other process's memory holds

        assert (first, self.used()) == (True, False)

    def test_are_used_once_though_redis_goes_in_between(
        self, server: Server, settings: Any, clock: Clock, db: None
    ) -> None:
        use_redis(settings, server.url)
        first = self.used()
        server.kill()

        assert (first, self.used(), self.used("654321")) == (True, False, True)


@transactional
def test_one_makes_what_many_ask_for(cache: BaseCache) -> None:
    entry: Computed[int] = Computed("stampede", 60)
    made: list[int] = []
    asking = threading.Barrier(8)

    def make() -> int:
        made.append(1)
        threading.Event().wait(0.2)
        return 7

    assert _by_eight(lambda: (asking.wait(), entry.get(make))[1]) == [7] * 8
    assert len(made) == 1


@transactional
def test_nobody_waits_while_one_makes_it_anew(cache: BaseCache) -> None:
    entry: Computed[int] = Computed("stale", 0)
    entry.get(lambda: 1)
    making, done = threading.Event(), threading.Event()

    def make() -> int:
        making.set()
        assert done.wait(30)
        return 2

    maker = threading.Thread(target=lambda: entry.get(make))
    maker.start()
    assert making.wait(30)
    meanwhile = entry.get(lambda: 3)
    done.set()
    maker.join()

    assert meanwhile == 1


def _by_eight(work: Callable[[], int]) -> list[int]:
    found: list[int] = []

    def run() -> None:
        try:
            found.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class TestForgetting:
    def test_one_part_or_all(self, cache: BaseCache) -> None:
        entry: Computed[int] = Computed("parts", 60)
        for part in (1, 2):
            entry.get(lambda: 0, part)

        entry.forget(1)
        after_one = [entry.get(lambda: 1, part) for part in (1, 2)]
        entry.forget_all()

        assert after_one == [1, 0]
        assert [entry.get(lambda: 2, part) for part in (1, 2)] == [2, 2]

    def test_what_was_being_made_then_is_not_kept(self, cache: BaseCache) -> None:
        entry: Computed[int] = Computed("late", 60)

        def make() -> int:
            entry.forget(1)  # as by somebody else, in the middle of it
            return 1

        entry.get(make, 1)

        assert entry.get(lambda: 2, 1) == 2

    def test_a_fact_forgets_what_it_changes(self, cache: BaseCache) -> None:
        caching.DIRECTORY.get(lambda: "old")
        caching.BOARD.get(lambda: "old", 7)

        caching.forget_by_fact("team.changed")

        assert caching.DIRECTORY.get(lambda: "new") == "new"
        assert caching.BOARD.get(lambda: "new", 7) == "old"

    @pytest.mark.django_db  # who hears of what is partly rows: webhooks
    def test_every_fact_that_the_list_names_is_heard(self) -> None:
        told = "apps.desk.subscribers.forget_what_is_cached"

        for entry in caching.COMPUTED:
            for name in entry.facts:
                assert told in registry.subscribers_of(name), name


def test_noted_values_are_put_and_dropped(cache: BaseCache) -> None:
    noted: Noted[int] = Noted("noted", 60)
    noted.put("a", 1)
    noted.put_if_none("a", 2)
    noted.put_if_none("b", 3)
    both = noted.get_many(["a", "b", "c"])
    noted.drop("a")

    assert both == {"a": 1, "b": 3}
    assert (noted.get("a"), noted.get("b")) == (None, 3)


def test_a_circuit_lets_one_caller_try(clock: Clock) -> None:
    made = Circuit("It", clock=clock)
    made.failed(OSError())
    clock.now += RETRY

    assert [made.may_ask() for _ in range(3)] == [True, False, False]
    made.answered()
    assert made.may_ask()
