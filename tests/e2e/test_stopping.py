"""Stopping anything at any moment, and starting it again, loses nothing."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.e2e.desk import PATIENCE, Desk
from tests.e2e.forms import sign_in, submit

KILLS = 9


@pytest.fixture
def desk(tmp_path: Path, e2e_database: str | None) -> Iterator[Desk]:
    desk = Desk(tmp_path, database_url=e2e_database, NOTIFY_AFTER_SECONDS="0", JOB_LEASE_SECONDS="3")
    desk.manage("prepare")
    desk.start()
    yield desk
    desk.stop()


class Customer(threading.Thread):
    """Raises one ticket after the other, and sends each form until it has an answer."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(daemon=True)
        self.desk = desk
        self.subjects: list[str] = []
        self.done = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            session = sign_in(self.desk, "customer")
            while not self.done.is_set():
                subject = f"Card {uuid.uuid4().hex}"
                self._raise(session, subject)
                self.subjects.append(subject)
        except Exception as error:  # noqa: BLE001 - shown by the test
            self.error = error

    def _raise(self, session: requests.Session, subject: str) -> None:
        submission = str(uuid.uuid4())
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = submit(
                    session,
                    f"{self.desk.url}/new/",
                    subject=subject,
                    text="Please help.",
                    submission=submission,
                )
            except requests.RequestException:
                time.sleep(0.1)
                continue
            if answer.status_code == 200 and "/requests/" in answer.url:
                return
            raise AssertionError(f"{answer.status_code} at {answer.url}: {answer.text[:2000]}")
        raise AssertionError("no answer")


@pytest.mark.slow
def test_every_acknowledged_ticket_is_there_once_and_told_of_once(desk: Desk) -> None:
    rng = random.Random(20261124)
    customer = Customer(desk)
    customer.start()

    for name in ["web", "worker", "relay"] * (KILLS // 3):
        time.sleep(rng.uniform(0.1, 1.0))
        desk.kill(name)
        desk.start_one(name)
    desk.wait_until_ready()
    customer.done.set()
    customer.join(PATIENCE)

    assert customer.error is None, desk.logs()
    assert len(customer.subjects) > KILLS
    state = desk.settle(customer.subjects)
    assert state["tickets"] == dict.fromkeys(customer.subjects, 1)
    assert state["pending"] == []
    assert state["acknowledged"] == dict.fromkeys(customer.subjects, 1)
