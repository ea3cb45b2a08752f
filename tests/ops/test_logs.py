"""Lines of the log: whose they are, how they look, and what is never in them."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.accounts.models import User
from apps.events import relay
from apps.events.registry import only
from apps.kernel import noting
from apps.ops.hiding import HIDDEN, hide, own_secrets
from apps.ops.logs import JsonFormatter, TextFormatter
from tests.cast import Cast
from tests.support import NOON
from tests.tickets.desk import raised


class Log:
    """What the desk's handler would write."""

    def __init__(self) -> None:
        self.out = io.StringIO()
        self.handler = logging.StreamHandler(self.out)
        self.handler.setFormatter(JsonFormatter())

    def lines(self, logger: str = "") -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.out.getvalue().splitlines()]
        return [line for line in found if line["logger"].startswith(logger)]


@pytest.fixture
def log() -> Iterator[Log]:
    made, root = Log(), logging.getLogger()
    root.addHandler(made.handler)
    yield made
    root.removeHandler(made.handler)


def line_of(name: str = "apps.x", text: str = "happened", **extra: Any) -> dict[str, Any]:
    record = logging.LogRecord(name, logging.INFO, "x.py", 1, text, (), None)
    record.__dict__.update(extra)
    line: dict[str, Any] = json.loads(JsonFormatter().format(record))
    return line


@pytest.mark.django_db
def test_a_request_says_who_asked_for_which_ticket(cast: Cast, log: Log) -> None:
    ticket, client = raised(cast), Client()
    client.force_login(cast.rachel)

    answer = client.get(f"/requests/{ticket.ref}/?q=secret")

    (line,) = log.lines("apps.ops.served")
    assert line["message"] == "GET /requests/<str:ref>/ 200"
    assert line["request"] == answer["X-Request-Id"]
    assert (line["user"], line["ticket"]) == (cast.rachel.pk, ticket.pk)
    assert line["ms"] > 0


@pytest.mark.django_db
def test_a_request_says_nothing_of_the_one_before(cast: Cast, log: Log) -> None:
    client = Client()
    client.force_login(cast.rachel)
    client.get("/")

    Client().get("/help/")

    assert "user" in log.lines("apps.ops.served")[0]
    assert "user" not in log.lines("apps.ops.served")[1]


@pytest.mark.django_db
def test_a_delivery_says_the_ticket_and_the_request_behind_it(
    cast: Cast, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: str) -> None:
        raise LookupError("gone")

    with only("apps.notifications.subscribers.tell"):
        ticket = raised(cast)
    (claim,) = relay.claim_due(now=NOON.replace(year=2100))
    monkeypatch.setattr(relay, "handler_of", fails)

    relay.deliver(claim)

    (line,) = log.lines("apps.events.relay")
    assert (line["ticket"], line["fact"]) == (ticket.pk, "ticket.raised")
    assert line["request"] == str(claim.event.correlation_id)
    assert "LookupError: gone" in line["exception"]


def test_outside_of_any_request_there_is_no_request() -> None:
    assert "request" not in line_of()


def test_a_build_is_named(settings: Any) -> None:
    settings.BUILD = "8f2c-1"

    assert line_of()["build"] == "8f2c-1"


def test_what_is_noted_is_forgotten_with_its_scope() -> None:
    noting.note(user=1)
    with noting.scope(job="outer"):
        with noting.scope():
            noting.note_subject("ticket:7")
            noting.note_subject("article:8")
            inside = dict(noting.noted())
        outside = dict(noting.noted())

    assert inside == {"ticket": 7}
    assert outside == {"job": "outer"}
    assert noting.noted() == {}


def test_extras_of_libraries_are_not_told() -> None:
    """Django's hold the request, Celery's the arguments of the job."""
    assert "request_object" not in line_of("django.request", request_object="GET /?token=x")
    assert line_of("apps.x", queue="mail", n=3)["queue"] == "mail"
    assert line_of("apps.x", n=3)["n"] == 3


def test_a_person_reads_one_short_line(settings: Any) -> None:
    record = logging.LogRecord("apps.mail", logging.WARNING, "x.py", 1, "came back", (), None)

    with noting.scope(ticket=7):
        text = TextFormatter().format(record)

    assert re.fullmatch(r"\d\d:\d\d:\d\d WARNING apps\.mail: came back  ticket=7", text)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://desk:S3CRET-S3CRET@db.example/desk is away",
        "GET https://files.example/a?X-Amz-Credential=a&X-Amz-Signature=S3CRET failed",
        "GET /help/?q=S3CRET",
        "GET /account/oidc/desk/login/callback/?code=S3CRET&state=S3CRET 302",
        "/rate/S3CRET:x/ and /notifications/stop/S3CRET/",
        "/account/password/reset/key/3-S3CRET-x/",
        "Authorization: Bearer S3CRET.S3CRET",
        "{'Authorization': 'AWS4-HMAC-SHA256 Credential=S3CRET'}",
        "refused Bearer S3CRETS3CRET as a token",
        "Cookie: sessionid=S3CRET; csrftoken=S3CRET",
        "{'Set-Cookie': 'sessionid=S3CRET; Path=/'}",
        '{"password": "S3CRET S3CRET", "name": "x"}',
        "password1=S3CRET",
        "IDENTITY_SECRET... client_secret=S3CRET",
        "key tendril_S3CRETS3CRET, secret whsec_S3CRETS3CRET",
        "duplicate key\nDETAIL:  Key (session)=(S3CRET\nS3CRET) exists.",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    hidden = hide(text)

    assert "S3CRET" not in hidden
    assert HIDDEN in hidden


@pytest.mark.parametrize(
    "text",
    [
        "S3 refused or was away",
        "GET /requests/<str:ref>/ 200",
        "Traceback:\n  File x, line 2\nValueError: status code: 403",
        "SECRET_KEY is not set: give every instance of the desk the same long random text",
        "https://sqs.eu-central-1.amazonaws.com/111122223333/tendril-local-mail",
    ],
)
def test_what_helps_stays(text: str) -> None:
    assert hide(text) == text


def test_every_link_whose_path_is_a_secret_is_known() -> None:
    """A new address with a token or a key in it needs its pattern in apps/ops/hiding.py."""
    found = [route for route in _routes(get_resolver()) if re.search(r"\b(token|key)>", route)]

    assert len(found) >= 3
    for route in found:
        path = re.sub(r"<str:\w+>|<\w+>", "S3CRET", route)
        path = re.sub(r"\^|\$|\(\?P[^)]*\)", lambda m: "S3CRET" if "(" in m[0] else "", path)
        assert "S3CRET" in path
        assert "S3CRET" not in hide(f"Not Found: /{path}"), route


def _routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _routes(each, route)
        elif isinstance(each, URLPattern):
            yield route


def test_what_the_process_was_given_is_hidden_wherever_it_turns_up(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SECRET_KEY = "given-to-the-desk"
    settings.CACHE_URL = "redis://:given%2Dto-redis@cache.example/0"
    monkeypatch.setenv("AWS_SESSION_TOKEN", "given-to-aws")
    own_secrets.cache_clear()
    try:
        told = hide("a given-to-the-desk b given-to-redis c given%2Dto-redis d given-to-aws")
    finally:
        own_secrets.cache_clear()

    assert told == f"a {HIDDEN} b {HIDDEN} c {HIDDEN} d {HIDDEN}"


@pytest.mark.django_db
def test_a_row_that_the_database_refused_is_not_told(cast: Cast) -> None:
    try:
        with transaction.atomic():
            User.objects.create(email=cast.rachel.email, password="hash-of-a-password")
    except IntegrityError:
        told = JsonFormatter().format(
            logging.LogRecord("apps.x", logging.ERROR, "x.py", 1, "failed", (), sys.exc_info())
        )

    assert "IntegrityError" in told
    assert "hash-of-a-password" not in told
    assert cast.rachel.email not in told


def test_libraries_are_never_asked_for_everything() -> None:
    """Their DEBUG tells headers, signed addresses and statements with their values."""
    told: Any = settings.LOGGING

    assert told["root"]["level"] != "DEBUG"
    assert [name for name, one in told["loggers"].items() if one["level"] == "DEBUG"] == []
