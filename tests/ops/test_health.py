"""What a balancer asks: whether the process can serve, and which part fails."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import DatabaseError
from django.test import Client

from apps.ops import health
from apps.ops.health import Watch

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of any part yet."""
    fresh = {name: Watch(watch.check) for name, watch in health._WATCHED.items()}
    monkeypatch.setattr(health, "_WATCHED", fresh)


def broken() -> None:
    raise DatabaseError("no secret of ours")


def forgetful() -> None:
    raise LookupError("what was set could not be read")


def test_all_is_well() -> None:
    answer = Client().get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "failing": {}, "degraded": {}}


def test_without_its_database_it_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health._NEEDED, "database", broken)

    answer = Client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["failing"] == {"database": "DatabaseError"}
    assert b"secret" not in answer.content
    assert Client().get("/livez").status_code == 200


def test_what_it_can_do_without_is_named_and_takes_no_instance_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(health._WATCHED, "cache", Watch(forgetful))

    answer = Client().get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "failing": {}, "degraded": {"cache": "LookupError"}}


def test_a_part_that_hangs_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.01)
    over = threading.Event()

    def hang() -> None:
        over.wait(60)

    monkeypatch.setitem(health._WATCHED, "files", Watch(hang))

    answer = Client().get("/readyz")
    over.set()

    assert answer.status_code == 200
    assert answer.json()["degraded"] == {"files": "TimeoutError"}


def test_a_part_is_asked_once_in_a_while_however_often_the_page_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    watch = Watch(lambda: asked.append(1))
    monkeypatch.setitem(health._WATCHED, "files", watch)
    for _ in range(5):
        Client().get("/readyz")
    before = len(asked)

    later = time.monotonic() + health.KEEP
    monkeypatch.setattr(time, "monotonic", lambda: later)
    Client().get("/readyz")

    assert (before, len(asked)) == (1, 2)


@pytest.mark.parametrize("path", ["/healthz/", "/livez", "/readyz"])
def test_is_told_before_anything_looks_at_the_host(path: str) -> None:
    assert Client(HTTP_HOST="10.0.0.7").get(path).status_code == 200
