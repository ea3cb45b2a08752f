"""Customers who go on raising requests while something is stopped under them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from demo.reading import load_desk
from tests.e2e.desk import Desk
from tests.e2e.forms import page_form, sign_in

PATIENCE = 120  # seconds


@dataclass(frozen=True, slots=True)
class Failed:
    """A request that was answered with a failure; `began` and `ended` are monotonic seconds."""

    began: float
    ended: float
    status: int
    text: str


@dataclass(eq=False)
class Customer:
    """Raises one request after the other; sends a form again until the desk has answered."""

    desk: Desk
    session: requests.Session
    name: str
    enough: threading.Event
    raised: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    failures: list[Failed] = field(default_factory=list)

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
            began = time.monotonic()
            try:
                answer = self.session.request(method, url, timeout=20, **options)
            # The server is gone, or went in the middle of its answer.
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                time.sleep(0.05)
                continue
            if answer.status_code < 500:
                return answer
            failed = Failed(began, time.monotonic(), answer.status_code, answer.text)
            self.failures.append(failed)
        raise AssertionError(f"no answer from {url}")


@contextmanager
def raising(desk: Desk, *, many: int) -> Iterator[list[Customer]]:
    """Inside, so many customers raise requests ("Stopping 0 0", "Stopping 0 1" ...)."""
    demo, enough = load_desk(), threading.Event()
    address = next(
        demo.people[entry.person].email for entry in demo.sign_ins if entry.label == "Customer"
    )
    customers = [
        Customer(desk, sign_in(desk, address, demo.password), f"Stopping {n}", enough)
        for n in range(many)
    ]
    threads = [threading.Thread(target=customer.run, daemon=True) for customer in customers]
    for thread in threads:
        thread.start()
    try:
        yield customers
    finally:
        enough.set()
        for thread in threads:
            thread.join(PATIENCE)
