"""One POST to a stranger's server, which may be slow, endless, or not where its name says."""

from __future__ import annotations

import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urljoin

from apps.kernel.text import one_line
from apps.webhooks.addresses import AddressRefusedError, Target, is_public, read

CONNECT = 5.0  # seconds
WHOLE = 15.0  # seconds, redirects included
MOST_BYTES = 16 * 1024  # of an answer; more is not read
EXCERPT = 500  # characters
MOST_REDIRECTS = 3
_KEEPING_THE_METHOD = {307, 308}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    excerpt: str


class PostError(Exception):
    """There was no answer. Its text says why, in English: for the log."""


def post(url: str, body: bytes, headers: Mapping[str, str], *, trusted: Collection[str]) -> Answer:
    """The last answer, after redirects that keep the method. Raises PostError.

    Each URL of the way is judged by itself, and the connection goes to an address that was judged:
    a name that means something else a moment later changes nothing. A host of `trusted` is one for
    whoever names it first: a stranger's redirect to it is judged as any other.
    """
    end = time.monotonic() + WHOLE
    for _ in range(MOST_REDIRECTS + 1):
        try:
            target = read(url, trusted=trusted)
            answer, onward = _once(target, body, headers, end)
            if answer.status not in _KEEPING_THE_METHOD or not onward:
                return answer
            trusted = trusted if target.is_trusted else ()
            url = urljoin(url, onward)
        except AddressRefusedError as error:
            raise PostError(f"refused: {error}") from error
        # The last: a redirect to what is no URL, and a connection that is cut in a bad moment.
        except (OSError, http.client.HTTPException, ValueError) as error:
            late = "took too long" if time.monotonic() >= end else type(error).__name__
            raise PostError(one_line(f"{late}: {error}")) from error
    raise PostError("redirected too often")


def _once(
    target: Target, body: bytes, headers: Mapping[str, str], end: float
) -> tuple[Answer, str]:
    """An answer, and where it redirects to."""
    with _connected(target, _judged(target, end), end) as connection:
        # Timeouts are per read, and a server may send a byte a second: at the end it is cut off.
        cut = threading.Timer(max(end - time.monotonic(), 0), _cut, [connection.sock])
        cut.daemon = True
        cut.start()
        try:
            connection.request("POST", target.path, body, dict(headers))
            response = connection.getresponse()
            text = response.read(MOST_BYTES).decode("utf-8", "replace")
            if time.monotonic() >= end:  # what was cut off may read like the end
                raise TimeoutError("the answer had no end")
            onward = response.getheader("Location", "")
            return Answer(response.status, one_line(text)[:EXCERPT]), onward
        finally:
            cut.cancel()


def _judged(target: Target, end: float) -> list[str]:
    """The addresses of a host, if all of them may be asked. Raises AddressRefusedError."""
    addresses = _addresses(target, end)
    if not target.is_trusted:
        for address in addresses:
            if not is_public(address):
                raise AddressRefusedError(f"{target.host} is {address}, which is not public")
    return addresses


def _addresses(target: Target, end: float) -> list[str]:
    """What its name means.

    A resolver takes the time it likes and can't be told to stop: it is left to itself when ours is
    over.
    """
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except OSError as error:
            answers.put(error)
        else:
            answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=max(end - time.monotonic(), 0))
    except queue.Empty as error:
        raise TimeoutError("its name was not resolved in time") from error
    if isinstance(answer, OSError):
        raise answer
    return answer


class _connected:  # noqa: N801 - reads as the words of a with statement
    """A connection to the first of the addresses that takes one."""

    def __init__(self, target: Target, addresses: list[str], end: float) -> None:
        self.target, self.addresses, self.end = target, addresses, end

    def __enter__(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self.target.host, self.target.port)
        plain = self._reach()
        try:
            plain.settimeout(max(self.end - time.monotonic(), 0.1))
            if self.target.scheme == "https":
                connection.default_port = http.client.HTTPS_PORT
                context = ssl.create_default_context()
                plain = context.wrap_socket(plain, server_hostname=self.target.host)
        except BaseException:
            plain.close()
            raise
        connection.sock = plain
        self.connection = connection
        return connection

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def _reach(self) -> socket.socket:
        last: OSError = OSError("it has no address")
        for address in self.addresses:
            left = self.end - time.monotonic()
            if left <= 0:
                raise TimeoutError("no time left")
            try:
                return socket.create_connection(
                    (address, self.target.port), timeout=min(CONNECT, left)
                )
            except OSError as error:
                last = error
        raise last


def _cut(open_socket: socket.socket) -> None:
    with suppress(OSError):
        open_socket.shutdown(socket.SHUT_RDWR)
