"""Clients: keep-alive, in threads, for a time; and what they measured."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

Fields = dict[str, str]


class WrongPageError(Exception):
    """An answer that is not the page that was asked for."""


@dataclass(slots=True, kw_only=True)
class Request:
    """What one client sends. `fields` makes it a POST.

    Each sending has a `submission` of its own.
    """

    path: str
    marker: str = ""  # words that only the right page has
    fields: Fields | None = None
    status: int = 200


@dataclass(slots=True)
class Sample:
    """Milliseconds of each answer, and how long the clients were at it."""

    times: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: Sample) -> None:
        self.times.extend(other.times)
        self.seconds += other.seconds

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.times) if self.times else 0.0


class Client:
    """One connection and one person's cookies: of all cookies only who they are and CSRF's."""

    def __init__(self, base: str, cookies: dict[str, str] | None = None) -> None:
        self.base = base
        self.cookies = dict(cookies or {})
        self._connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=60)

    def send(self, request: Request) -> str:
        """Raises WrongPageError. The answer's text, or where a redirect leads."""
        status, text, location = self.ask(request.path, request.fields)
        if status != request.status or request.marker not in (location or text):
            told = f"{request.path}: {status}, not {request.status} with {request.marker!r}"
            raise WrongPageError(f"{told}: {(location or text)[:1500]}")
        return location or text

    def ask(self, path: str, fields: Fields | None = None) -> tuple[int, str, str]:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        body = None
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Referer"] = self.base + path
            body = urlencode(fields)
        method = "GET" if fields is None else "POST"
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self._connection.close()  # kept alive for too long: the server has hung up
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            if name in {"sessionid", "csrftoken"}:
                self.cookies[name] = value
        return answer.status, text, answer.headers.get("Location") or ""

    def close(self) -> None:
        self._connection.close()


def drive(base: str, cookies: dict[str, str], requests: Sequence[Request], *,
          clients: int, seconds: float, most: int) -> Sample:  # fmt: skip
    """Each client sends its share of the requests round and round. Raises WrongPageError."""
    samples = [Sample() for _ in range(clients)]
    errors: list[Exception] = []
    until = time.perf_counter() + seconds

    def run(number: int) -> None:
        client, mine = Client(base, cookies), list(requests[number::clients]) or [*requests]
        try:
            for turn in range(most):
                began = time.perf_counter()
                if began > until or errors:
                    break
                request = mine[turn % len(mine)]
                client.send(_anew(request))
                samples[number].times.append((time.perf_counter() - began) * 1000)
        except (WrongPageError, OSError, http.client.HTTPException) as error:
            errors.append(error)
        finally:
            client.close()

    began = time.perf_counter()
    threads = [threading.Thread(target=run, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    whole = Sample(seconds=time.perf_counter() - began)
    for sample in samples:
        whole.times.extend(sample.times)
    return whole


def _anew(request: Request) -> Request:
    if request.fields is None or "submission" not in request.fields:
        return request
    fields = request.fields | {"submission": str(uuid.uuid4())}
    return Request(path=request.path, marker=request.marker, fields=fields, status=request.status)


class Forms(HTMLParser):
    """The forms of a page: where each goes, and what its fields hold when nobody types."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, Fields]] = []
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said: dict[str, Any] = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((said.get("action", ""), {}))
        elif not self.found:
            return
        elif tag == "option" and self._select:
            fields = self.found[-1][1]
            if "selected" in said or not fields[self._select]:
                fields[self._select] = said.get("value", "")
        elif tag in {"input", "textarea", "select"} and "name" in said:
            kind = said.get("type", "")
            if kind in {"submit", "file"} or (
                kind in {"checkbox", "radio"} and "checked" not in said
            ):
                return
            self.found[-1][1][said["name"]] = said.get("value", "") or _typed(said)
            self._select = said["name"] if tag == "select" else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""


def _typed(said: dict[str, Any]) -> str:
    """What fills a field that must be filled."""
    if "required" not in said:
        return ""
    return {"date": "2026-01-05", "number": "12"}.get(said.get("type", "text"), "Some words")


def form_on(client: Client, path: str, *names: str) -> tuple[str, Fields]:
    """The form at a page that has all these fields, and where it goes. Raises WrongPageError."""
    status, text, location = client.ask(path)
    if location:
        return form_on(client, urljoin(path, location), *names)
    for action, fields in Forms(text).found:
        if set(names) <= set(fields):
            return urlsplit(urljoin(path, action)).path, fields
    raise WrongPageError(f"{path}: {status}, no form with {names}: {text[:1500]}")


def sign_in(base: str, email: str, password: str) -> dict[str, str]:
    """Cookies of somebody who signed in as people do."""
    client = Client(base)
    path, fields = form_on(client, "/account/login/", "login", "password")
    client.ask(path, fields | {"login": email, "password": password})
    if "sessionid" not in client.cookies:
        raise WrongPageError(f"{email} could not sign in")
    client.ask("/")
    client.close()
    return client.cookies
