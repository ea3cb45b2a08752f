from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from celery import current_app
from hypothesis import given, settings
from hypothesis import strategies as st
from kombu import Connection
from kombu.exceptions import EncodeError, OperationalError

from apps.ops.broker import register
from apps.ops.broker.queue import LeaseQueue


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def queue_at(folder: Path, clock: Clock) -> LeaseQueue:
    return LeaseQueue(folder / "jobs.sqlite3", lease=60, clock=clock)


def test_the_oldest_comes_first_and_only_to_one(tmp_path: Path) -> None:
    queue = queue_at(tmp_path, Clock())
    queue.put("default", "first")
    queue.put("default", "second")
    queue.put("mail", "other")

    taken = [queue.claim("default"), queue.claim("default"), queue.claim("default")]

    assert [claim.body if claim else None for claim in taken] == ["first", "second", None]


def test_what_kills_everybody_who_takes_it_is_given_up(tmp_path: Path) -> None:
    clock = Clock()
    queue = queue_at(tmp_path, clock)
    queue.put("default", "deadly")

    for _ in range(10):
        assert queue.claim("default")
        clock.now += 61
    queue.put("default", "harmless")

    taken = queue.claim("default")
    assert (taken.body if taken else None, queue.size("default")) == ("harmless", 1)
    (dead,) = queue.dead(5)
    assert (dead.queue, dead.body, dead.claims) == ("default", "deadly", 10)


def test_what_was_given_up_begins_anew_or_is_gone(tmp_path: Path) -> None:
    clock = Clock()
    queue = LeaseQueue(tmp_path / "jobs.sqlite3", lease=60, clock=clock, times=lambda _: 1)
    queue.put("mail", "one")
    queue.put("mail", "two")
    for _ in range(2):
        queue.claim("mail")
    clock.now += 61
    assert queue.claim("mail") is None
    one, two = sorted(dead.id for dead in queue.dead(5))

    assert (queue.revive(one), queue.revive(one)) == (True, False)
    assert (queue.bury(two), queue.bury(two)) == (True, False)

    taken = queue.claim("mail")
    assert taken is not None
    assert (taken.body, taken.number, queue.dead(5)) == ("one", 1, [])


def test_a_delay_is_kept(tmp_path: Path) -> None:
    clock = Clock()
    queue = queue_at(tmp_path, clock)
    queue.put("default", "later", delay=30)
    queue.put("default", "now")

    first, none = queue.claim("default"), queue.claim("default")
    clock.now += 30
    second = queue.claim("default")

    assert first is not None
    assert second is not None
    assert (first.body, none, second.body) == ("now", None, "later")


def test_a_file_of_the_release_before_is_brought_up(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "jobs.sqlite3")) as old:
        old.executescript(
            "CREATE TABLE message (id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, body"
            " TEXT NOT NULL, claims INTEGER NOT NULL DEFAULT 0, leased_until REAL NOT NULL"
            " DEFAULT 0); INSERT INTO message (queue, body) VALUES ('default', 'kept');"
            " PRAGMA user_version = 1;"
        )

    queue = queue_at(tmp_path, Clock())

    taken = queue.claim("default")
    assert taken is not None
    assert (taken.body, queue.dead(1)) == ("kept", [])


def test_a_broker_that_is_away_is_told_as_kombus_own_error(tmp_path: Path) -> None:
    (tmp_path / "jobs.sqlite3").mkdir()
    register()

    with (
        Connection(f"lease://localhost{tmp_path}/jobs.sqlite3") as connection,
        connection.Producer() as producer,
        pytest.raises(OperationalError, match="unable to open"),
    ):
        producer.publish({}, routing_key="default", retry=True, retry_policy={"max_retries": 1})


def test_what_is_done_never_comes_again(tmp_path: Path) -> None:
    clock = Clock()
    queue = queue_at(tmp_path, clock)
    queue.put("default", "job")
    claim = queue.claim("default")
    assert claim is not None

    queue.acknowledge(claim.id)
    queue.acknowledge(claim.id)
    clock.now += 1000

    assert queue.claim("default") is None
    assert queue.size("default") == 0


def test_what_a_dead_worker_held_comes_again(tmp_path: Path) -> None:
    clock = Clock()
    queue = queue_at(tmp_path, clock)
    queue.put("default", "job")
    first = queue.claim("default")
    assert first is not None

    clock.now += 59
    assert queue.claim("default") is None
    clock.now += 1
    second = queue.claim("default")

    assert second is not None
    assert (second.id, second.number) == (first.id, first.number + 1)


def test_who_lives_keeps_what_they_hold(tmp_path: Path) -> None:
    clock = Clock()
    queue = queue_at(tmp_path, clock)
    queue.put("default", "job")
    claim = queue.claim("default")
    assert claim is not None

    for _ in range(5):
        clock.now += 40
        queue.extend([(claim.id, claim.number)])

    assert queue.claim("default") is None


def test_a_late_holder_takes_nothing_from_the_next(tmp_path: Path) -> None:
    clock = Clock()
    queue = queue_at(tmp_path, clock)
    queue.put("default", "job")
    late = queue.claim("default")
    clock.now += 60
    holder = queue.claim("default")
    assert late is not None
    assert holder is not None

    queue.release(late.id, late.number)
    queue.extend([(late.id, late.number)])

    assert queue.claim("default") is None


def test_what_is_given_back_is_free_at_once(tmp_path: Path) -> None:
    queue = queue_at(tmp_path, Clock())
    queue.put("default", "job")
    claim = queue.claim("default")
    assert claim is not None

    queue.release(claim.id, claim.number)

    assert queue.claim("default") is not None


def test_threads_share_without_taking_twice(tmp_path: Path) -> None:
    queue = queue_at(tmp_path, Clock())
    for number in range(200):
        queue.put("default", str(number))
    taken: list[str] = []

    def work() -> None:
        while claim := queue.claim("default"):
            taken.append(claim.body)
            queue.acknowledge(claim.id)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert Counter(taken) == Counter(str(number) for number in range(200))


@given(st.lists(st.sampled_from(["put", "claim", "done", "back", "die", "wait"]), max_size=40))
@settings(max_examples=60)
def test_nothing_is_lost_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    clock = Clock()
    queue = queue_at(tmp_path_factory.mktemp("queue"), clock)
    put, done, held = 0, set(), []
    for step in steps:
        if step == "put":
            queue.put("default", str(put))
            put += 1
        elif step == "claim" and (claim := queue.claim("default")):
            held.append(claim)
        elif step == "done" and held:
            claim = held.pop(0)
            queue.acknowledge(claim.id)
            done.add(claim.body)
        elif step == "back" and held:
            claim = held.pop(0)
            queue.release(claim.id, claim.number)
        elif step == "die":
            held.clear()
        elif step == "wait":
            clock.now += 61
    clock.now += 61
    while claim := queue.claim("default"):
        assert claim.body not in done
        queue.acknowledge(claim.id)
        done.add(claim.body)

    assert done == {str(number) for number in range(put)}


def test_a_job_takes_json_only() -> None:
    with pytest.raises(EncodeError):
        current_app.send_task("no.such.task", args=(object(),))
