"""Customers and readers who go on while something is deployed, and how they were answered."""

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

READ = ("/", "/account/login/", "/search/?q=card", "/account/signup/")
PATIENCE = 120  # seconds that a customer goes on sending the same form
PAUSE = 0.02  # seconds between the requests of one person


@dataclass
class Load:
    """`answered` holds the subject of each request that the desk said it had taken."""

    url: str
    prefix: str
    enough: threading.Event = field(default_factory=threading.Event)
    answered: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # one line for each 5xx, or no answer at all
    asked: int = 0
    trouble: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, number: int) -> None:
        session = _session()
        turn = number
        while not self.enough.wait(PAUSE):
            turn += 1
            self._ask(session, "get", f"{self.url}{READ[turn % len(READ)]}")

    def raise_requests(self, number: int, session: requests.Session) -> None:
        turn = 0
        while not self.enough.wait(PAUSE):
            subject = f"{self.prefix} {number} {turn}"
            turn += 1
            try:
                self._raise(session, subject)
            except AssertionError as error:
                self.trouble.append(str(error))
                return
            with self._lock:
                self.answered.append(subject)

    def _raise(self, session: requests.Session, subject: str) -> None:
        url = f"{self.url}/new/other/"
        page = self._insist(session, "get", url)
        fields = page_form(page.text, "subject") | {"subject": subject, "text": "Please help."}
        sent = {"data": fields, "headers": {"Referer": url}, "allow_redirects": False}
        answer = self._insist(session, "post", url, **sent)
        assert answer.status_code == 302, f"{answer.status_code}: {answer.text[:1000]}"

    def _insist(
        self, session: requests.Session, method: str, url: str, **sent: Any
    ) -> requests.Response:
        """Send the same again until there is an answer, as a person does."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self._ask(session, method, url, **sent)
            if answer is not None:
                return answer
        raise AssertionError(f"no answer from {url}")

    def _ask(
        self, session: requests.Session, method: str, url: str, **sent: Any
    ) -> requests.Response | None:
        """None for a failure, which is noted."""
        why = ""
        try:
            answer = session.request(method, url, timeout=30, **sent)
            if answer.status_code >= 500:
                why = f"{answer.status_code} {answer.text[:100]!r}"
        except requests.RequestException as error:
            why = repr(error)
        with self._lock:
            self.asked += 1
            if why:
                self.failed.append(f"{method} {url}: {why}")
        return None if why else answer


def _session() -> requests.Session:
    """A connection for each request: a balancer that is told something new ends idle ones."""
    session = requests.Session()
    session.headers["Connection"] = "close"
    return session


class Crowd:
    """Signs its customers in once; each `load` of a scenario has its own books."""

    def __init__(self, desk: Desk, url: str, *, customers: int, readers: int) -> None:
        demo = load_desk()
        address = next(
            demo.people[entry.person].email for entry in demo.sign_ins if entry.label == "Customer"
        )
        self.url, self.readers = url, readers
        self.sessions = [_session() for _ in range(customers)]
        for session in self.sessions:
            session.cookies.update(sign_in(desk, address, demo.password).cookies)

    @contextmanager
    def load(self, prefix: str) -> Iterator[Load]:
        """They go on for as long as the block lasts."""
        load = Load(self.url, prefix)
        threads = [
            threading.Thread(target=load.raise_requests, args=[n, session], daemon=True)
            for n, session in enumerate(self.sessions)
        ]
        threads += [
            threading.Thread(target=load.read, args=[n], daemon=True) for n in range(self.readers)
        ]
        for thread in threads:
            thread.start()
        try:
            yield load
        finally:
            load.enough.set()
            for thread in threads:
                thread.join(PATIENCE)
