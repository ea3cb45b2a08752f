"""Every URL of the desk, asked by everybody. Each new URL needs its line in the table."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client

from apps.ops.doctor import page
from tests.cast import Cast
from tests.permissions.matrix import ROLES, Row, rows
from tests.permissions.walk import routes
from tests.permissions.world import World, make_world

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
_ONCE = re.compile(rb'csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"|"[0-9a-f-]{36}"')


@pytest.fixture(autouse=True)
def nothing_to_examine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor works beside the transaction of a test: what it records would stay for others."""
    monkeypatch.setattr(page, "PROBES", ())


def path_of(route: str, at: dict[str, str]) -> str:
    filled = _PARAMETER.sub(lambda found: at[found[1] or found[2]], route)
    return "/" + filled.replace("^", "").replace("$", "").replace("\\Z", "")


def letter(response: HttpResponseBase) -> str:
    status = response.status_code
    if status in {301, 302}:
        return "L" if "/login/" in response["Location"] else "3"
    return {200: "2", 204: "0", 401: "K", 403: "F", 404: "4", 405: "5", 409: "9"}.get(
        status, f"?{status}"
    )


def ask(client: Client, row: Row, path: str, world: World) -> HttpResponseBase:
    """One request whose effects are undone."""
    with transaction.atomic():
        data = world.data(row.route) if row.method == "post" else {}
        response: HttpResponseBase = getattr(client, row.method)(path, data)
        list(getattr(response, "streaming_content", ()))
        transaction.set_rollback(True)
    return response


def told(response: HttpResponseBase, path: str) -> bytes:
    """What an answer says, but for what is new in every answer and for the path that was asked."""
    content: bytes = _ONCE.sub(b"", response.content)  # type: ignore[attr-defined]
    return content.replace(path.encode(), b"")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.django_db
def test_everybody_gets_what_the_table_says(role: str, cast: Cast) -> None:
    world = make_world(cast)
    person = world.people[role]
    client, wrong = Client(), []
    if person is not None:
        client.force_login(person)
    signed_in = client.cookies.output(header="")

    for row in rows():
        client.cookies = SimpleCookie(signed_in)
        response = ask(client, row, path_of(row.route, world.at(row.route)), world)
        got = letter(response)
        if got == "4":
            nowhere = path_of(row.route, world.absent(row.route))
            absent = ask(client, row, nowhere, world)
            if told(absent, nowhere) != told(response, path_of(row.route, world.at(row.route))):
                got = "4 but not as if absent"
        if got != row.says[ROLES.index(role)]:
            wrong.append((row.method, row.route, got))

    assert wrong == []


def test_every_url_is_in_the_table() -> None:
    assert sorted({row.route for row in rows()}) == routes()
