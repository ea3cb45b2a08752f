"""Whatever is stopped, at whatever moment: nothing is lost and nothing happens twice."""

from __future__ import annotations

import email
import email.policy
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from demo.reading import load_desk
from tests.e2e.desk import Desk
from tests.e2e.forms import page_form, sign_in

KILLS = 9
CUSTOMERS = 2
PATIENCE = 120  # seconds


@dataclass(eq=False)
class Customer:
    """Raises one request after the other; sends a form again until the desk has answered."""

    desk: Desk
    session: requests.Session
    name: str
    enough: threading.Event
    raised: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def run(self) -> None:
        while not self.enough.is_set():
            subject = f"{self.name} {len(self.raised)}"
            try:
                self._raise(subject)
            except AssertionError as error:
                self.trouble.append(str(error))
                return
            self.raised.append(subject)

    def _raise(self, subject: str) -> None:
        url = f"{self.desk.url}/new/other/"
        page = self._insist("get", url)
        fields = page_form(page.text, "subject") | {"subject": subject, "text": "Please help."}
        answer = self._insist("post", url, data=fields, headers={"Referer": url})
        assert "/requests/" in answer.url, f"{answer.status_code} {answer.text[:2000]}"

    def _insist(self, method: str, url: str, **options: Any) -> requests.Response:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = self.session.request(method, url, timeout=20, **options)
            except requests.ConnectionError:
                time.sleep(0.05)
                continue
            if answer.status_code < 500:
                return answer
        raise AssertionError(f"no answer from {url}")


def _wait_for(what: str, condition: Callable[[], bool], desk: Desk) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.3)
    raise AssertionError(f"{what}\n{desk.logs()}")


def _subjects_mailed(folder: Path) -> Counter[str]:
    """Subjects of the receipts in the outbox, each as often as it was mailed."""
    found: Counter[str] = Counter()
    for path in folder.rglob("*.eml"):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        found[str(mail["Subject"])] += 1
    return found


def test_stopping_anything_loses_nothing(desk: Desk) -> None:
    chance, enough = random.Random(7), threading.Event()
    demo = load_desk()
    address = next(
        demo.people[entry.person].email for entry in demo.sign_ins if entry.label == "Customer"
    )
    customers = [
        Customer(desk, sign_in(desk, address, demo.password), f"Stopping {n}", enough)
        for n in range(CUSTOMERS)
    ]

    threads = [threading.Thread(target=customer.run, daemon=True) for customer in customers]
    for thread in threads:
        thread.start()
    for turn in range(KILLS):
        time.sleep(chance.uniform(0.2, 0.8))
        victim = ("web", "worker", "relay")[turn % 3]
        desk.kill(victim)
        desk.start_one(victim)
    desk.wait_until_ready()
    enough.set()
    for thread in threads:
        thread.join(PATIENCE)
    raised = [subject for customer in customers for subject in customer.raised]

    assert [customer.trouble for customer in customers] == [[]] * CUSTOMERS
    assert len(raised) >= CUSTOMERS
    _wait_for("some deliveries stay", lambda: desk.count("pending") == 0, desk)
    _wait_for("some mail stays", lambda: desk.count("mail") == 0, desk)
    mailed = _subjects_mailed(desk.folder / "var" / "mail")
    seen = Counter(desk.tickets("Stopping"))
    assert seen == Counter(raised)
    assert desk.count("facts") == len(raised)
    for subject in raised:
        receipts = [n for told, n in mailed.items() if told.startswith(f"{subject} [")]
        assert receipts == [1], (subject, receipts)
