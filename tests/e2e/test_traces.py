"""One request, one trace: through web, database, journal, jobs and mail of a real desk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from demo.reading import load_desk
from tests.e2e.desk import Desk
from tests.e2e.forms import page_form, sign_in
from tests.otlp import Collector, Taken, collector

EMAIL = next(
    load_desk().people[entry.person].email
    for entry in load_desk().sign_ins
    if entry.label == "Customer"
)


@pytest.fixture
def taken() -> Iterator[Collector]:
    with collector() as kept:
        yield kept


def raise_one(desk: Desk, session: requests.Session) -> requests.Response:
    url = f"{desk.url}/new/other/"
    page = session.get(url, timeout=20)
    fields = page_form(page.text, "subject") | {"subject": "Traced", "text": "Please help."}
    return session.post(
        url, data=fields, headers={"Referer": url}, timeout=20, allow_redirects=False
    )


def test_a_request_that_raises_a_ticket_is_one_trace(
    tmp_path: Path, released_url: str | None, taken: Collector
) -> None:
    desk = Desk(
        tmp_path,
        database_url=released_url,
        TRACES_URL=f"{taken.url}?sample=100",
        STAGE="staging",
        BUILD="b-7",
        NOTIFY_AFTER_SECONDS="0",
    )
    desk.manage("demo", "--tickets", "5")
    try:
        desk.start()
        answer = raise_one(desk, sign_in(desk, EMAIL, load_desk().password))
        taken.wait(lambda kept: any(_of(kept, span.trace, "mail") for span in _raising(kept)))
    finally:
        desk.stop()

    (request,) = _raising(taken)
    mine = [span for span in taken.spans if span.trace == request.trace]
    names = {span.name for span in mine}
    assert {"SELECT", "INSERT", "notifications.subscribers.tell"} <= names
    assert {"search.subscribers.index_ticket", "desk.subscribers.keep_tallies"} <= names
    assert {"notifications.tasks.compose_due", "notifications.tasks.send_due", "mail"} <= names
    known = {span.id for span in mine}
    assert [span.name for span in mine if span.parent and span.parent not in known] == []
    assert request.parent == ""
    assert {span.service for span in mine} == {"tendril-staging b-7"}
    assert request.attributes["http.response.status_code"] == answer.status_code == 302
    assert request.attributes["aws.xray.annotations"] == ["ticket", "user"]
    told = next(span for span in mine if span.name == "notifications.subscribers.tell")
    assert told.attributes["ticket"] == request.attributes["ticket"]
    lines = [json.loads(line) for line in (tmp_path / "web.log").read_text().splitlines()]
    (line,) = [each for each in lines if each["message"].startswith("POST /new/")]
    assert line["trace"] == request.trace
    assert line["request"] == answer.headers["X-Request-Id"]


def _raising(kept: Collector) -> list[Taken]:
    return kept.named("POST /new/other/")


def _of(kept: Collector, trace: str, name: str) -> bool:
    return any(span.trace == trace for span in kept.named(name))


def test_what_a_desk_tells_holds_no_values(
    tmp_path: Path, released_url: str | None, taken: Collector
) -> None:
    desk = Desk(tmp_path, database_url=released_url, TRACES_URL=f"{taken.url}?sample=100")
    desk.manage("demo", "--tickets", "5")
    try:
        desk.start_one("web")
        desk.wait_until_ready()
        session = sign_in(desk, EMAIL, load_desk().password)
        session.get(f"{desk.url}/help/?q=canary-asked&token=canary-token", timeout=20)
        session.get(f"{desk.url}/rate/canary-path/", timeout=20)
        taken.wait(lambda kept: bool(kept.named("GET /rate/<str:token>/")))
    finally:
        desk.stop()

    told = b"".join(taken.raw).decode("utf-8", "replace")
    secrets = {load_desk().password, EMAIL, *map(str, session.cookies.get_dict().values())}
    assert "canary" not in told
    assert sorted(secret for secret in secrets if secret in told) == []
    assert re.search(r"SELECT .*%s|SELECT .*\$1|SELECT .*\?", told, re.DOTALL)
