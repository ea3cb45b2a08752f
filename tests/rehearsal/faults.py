"""A bad build: the desk, behind what makes it slow or makes some of its requests fail.

Of the rehearsal alone: gunicorn is given this module instead of project.wsgi, and FAULT says what
is bad ("failing:0.02", "slow:0.4"). The desk itself knows nothing of it.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from project.wsgi import application as desk

App = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]
PROBES = ("/healthz/", "/readyz", "/livez", "/static/")  # a bad build is healthy, of course


def failing(app: App, share: float) -> App:
    """Every so-manieth request fails: now before it was done, now after."""
    numbers = itertools.count(1)
    every = round(1 / share)

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if _is_probe(environ):
            return app(environ, start_response)
        turn, rest = divmod(next(numbers), every)
        if rest:
            return app(environ, start_response)
        if turn % 2:
            done = app(environ, _nobody)
            for part in done:
                del part
            close = getattr(done, "close", None)
            if close is not None:
                close()
        start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
        return [b"a bad build\n"]

    return wrapped


def slow(app: App, seconds: float) -> App:
    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not _is_probe(environ):
            time.sleep(seconds)
        return app(environ, start_response)

    return wrapped


def _is_probe(environ: WSGIEnvironment) -> bool:
    return str(environ["PATH_INFO"]).startswith(PROBES)


def _nobody(_status: str, _headers: Any, _error: Any = None) -> Callable[[bytes], object]:
    return lambda data: None


def made_bad(app: App, fault: str) -> App:
    kind, _, size = fault.partition(":")
    return {"failing": failing, "slow": slow}[kind](app, float(size))


application = made_bad(desk, os.environ["FAULT"])
