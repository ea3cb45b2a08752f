"""Redis is killed while a desk serves from it, and started again: no page fails."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections import Counter
from http.cookiejar import CookieJar
from pathlib import Path

from tests.e2e.desk import PATIENCE, Desk
from tests.redis_server import Server

CLIENTS, PAGES = 6, 25  # pages a client and phase
_SESSIONS = """
from django.conf import settings
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from importlib import import_module
from apps.accounts.models import User
agents = User.objects.filter(is_staff=True, is_active=True)
for user in agents[:1]:
    for _ in range(%d):
        store = import_module(settings.SESSION_ENGINE).SessionStore()
        store[SESSION_KEY] = str(user.pk)
        store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
        store.create()
        store.save()
        print(store.session_key)
"""


class Clients:
    """Agents who open pages; what each was answered."""

    def __init__(self, desk: Desk, sessions: list[str]) -> None:
        self.desk = desk
        self.sessions = sessions
        self.answers: Counter[str] = Counter()
        self._lock = threading.Lock()

    def open(self, pages: int) -> None:
        threads = [threading.Thread(target=self._open, args=(key, pages)) for key in self.sessions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _open(self, key: str, pages: int) -> None:
        for number in range(pages):
            path = ("/admin/", "/admin/tickets/ticket/", "/admin/tickets/ticket/hour/")[number % 3]
            answer = self._get(key, path)
            with self._lock:
                self.answers[answer] += 1

    def _get(self, key: str, path: str) -> str:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        opener.addheaders = [("Cookie", f"sessionid={key}")]
        try:
            with opener.open(f"{self.desk.url}{path}", timeout=60) as answer:
                return str(answer.status) if path in answer.url else answer.url
        except OSError as error:
            return repr(error)


def _until_it_is_missed_no_more(log: Path, clients: Clients) -> None:
    """The desk asks after it every few seconds, and only when a page would have used it."""
    deadline = time.monotonic() + PATIENCE
    while " is back" not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        clients.open(1)


def test_the_desk_works_without_redis_and_with_it_again(
    tmp_path: Path, released_url: str | None
) -> None:
    server = Server(tmp_path)
    server.start()
    desk = Desk(tmp_path, database_url=released_url, CACHE_URL=server.url)
    desk.manage("demo", "--tickets", "20")
    try:
        desk.start_one("web")
        desk.wait_until_ready()
        clients = Clients(desk, desk.run(_SESSIONS % CLIENTS).split())
        killed = threading.Timer(1.0, server.kill)
        killed.start()  # in the middle of it
        clients.open(PAGES)
        killed.join()
        clients.open(PAGES)
        server.start()
        _until_it_is_missed_no_more(tmp_path / "web.log", clients)
        clients.open(PAGES)
    finally:
        desk.stop()
        server.kill()

    assert set(clients.answers) == {"200"}, desk.logs()
    assert clients.answers["200"] >= 3 * CLIENTS * PAGES
    told = (tmp_path / "web.log").read_text()
    # Each of the two processes notices that it went and that it came back: not each page.
    assert 1 <= told.count("is away, the desk goes on without") <= 4
