"""No secret is told in logs, spans or figures, however much is asked for and whatever fails.

A desk at LOG_LEVEL=DEBUG and DEBUG=1 is given marked secrets wherever one can be, and is used: its
sign-in, links and files work, its mail, cache and provider are away, a table is missing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from demo.reading import load_desk
from tests.buckets import new_bucket
from tests.e2e.desk import PATIENCE, Desk
from tests.e2e.forms import page_form, sign_in, submit
from tests.otlp import Collector, collector

_demo = load_desk()
PASSWORD = _demo.password
EMAIL = next(
    _demo.people[entry.person].email for entry in _demo.sign_ins if entry.label == "Customer"
)
GIVEN = {
    name: f"canary-{name}-7f3a9c"
    for name in ("key", "mail", "cache", "provider", "session-token", "aws")
}
TYPED = {
    name: f"canary-{name}-5b1d2e"
    for name in ("password", "header", "cookie", "asked", "token", "code", "body")
}
MAKE = """
from datetime import timedelta
from django.utils import timezone
from apps.accounts.actions import tokens
from apps.kernel.actors import SYSTEM
from apps.notifications.unsubscribe import unsubscribe_url
from apps.tickets import actions, ratings
from apps.webhooks.actions import current_secret, save_endpoint
from apps.accounts.access import actor_for
from apps.accounts.models import User
now = timezone.now()
anna = User.objects.get(email=EMAIL)
ticket = actions.raise_ticket(
    requester=anna, subject="Card", text="Lost", actor=actor_for(anna), now=now)
ticket = actions.solve(ticket=ticket, actor=actor_for(anna), now=now)
endpoint = save_endpoint(endpoint=None, name="CRM", url="https://127.0.0.1:1/hook?key=canary-hook",
    facts=("ticket.raised", "message.added"), internal=False, organisation=None,
    actor=SYSTEM, now=now)
token, key = tokens.issue_token(owner=anna, name="t", scopes=list(tokens.Scope)[:1],
    expires_at=now + timedelta(days=1), actor=actor_for(anna), now=now)
print(key)
print(current_secret(endpoint))
print(ratings.token_for(ticket))
print(unsubscribe_url(anna))
"""
LETTERS = """
from apps.notifications.models import OutgoingMail
print(*(mail.text for mail in OutgoingMail.objects.all()), sep="\\n")
"""
RENAME = (
    "from django.db import connection; connection.cursor().execute('ALTER TABLE %s RENAME TO %s')"
)


@pytest.fixture
def taken() -> Iterator[Collector]:
    with collector() as kept:
        yield kept


@pytest.fixture
def desk(
    tmp_path: Path, released_url: str | None, aws: dict[str, str], taken: Collector
) -> Iterator[Desk]:
    made = Desk(
        tmp_path,
        database_url=released_url,
        **aws,
        AWS_SESSION_TOKEN=GIVEN["session-token"],
        LOG_LEVEL="DEBUG",
        TRACES_URL=f"{taken.url}?sample=100",
        METRICS_URL=f"lines:{tmp_path / 'figures.log'}",
        DEBUG="1",
        SECRET_KEY=GIVEN["key"],
        MAIL_URL=f"smtp://desk:{GIVEN['mail']}@127.0.0.1:1",
        CACHE_URL=f"redis://:{GIVEN['cache']}@127.0.0.1:1/0",
        IDENTITY_URL="oidc+http://127.0.0.1:1?client=c",
        IDENTITY_SECRET=GIVEN["provider"],
        NOTIFY_AFTER_SECONDS="0",
        WEBHOOK_TRUSTED_HOSTS="127.0.0.1",
    )
    made.env["FILES_URL"] = f"s3://{new_bucket(site=made.url)}"
    yield made
    made.stop()


def _asked(desk: Desk, made: list[str]) -> list[str]:
    """Use the desk in every way that carries a secret. The secrets that came up."""
    key, _hook, rating, stop = made
    stranger = requests.Session()
    submit(stranger, f"{desk.url}/account/login/", login=EMAIL, password=TYPED["password"])
    submit(
        stranger,
        f"{desk.url}/account/signup/",
        email="new@example.com",
        password1=TYPED["password"],
    )
    submit(stranger, f"{desk.url}/account/password/reset/", email=EMAIL)
    stranger.get(
        f"{desk.url}/help/?q={TYPED['asked']}&token={TYPED['token']}",
        headers={"Authorization": f"Bearer {TYPED['header']}", "X-Api-Key": TYPED["header"]},
        cookies={"sessionid": TYPED["cookie"]},
        timeout=20,
    )
    stranger.post(f"{desk.url}/account/login/", data={"password": TYPED["body"]}, timeout=20)
    for path in (
        f"/rate/{rating}/", f"/rate/{TYPED['token']}/", f"/notifications/stop/{TYPED['token']}/",
        f"/account/password/reset/key/3-{TYPED['token']}/", f"/nowhere?code={TYPED['code']}",
        f"/account/oidc/{'desk'}/login/callback/?code={TYPED['code']}&state={TYPED['token']}",
    ):  # fmt: skip
        stranger.get(f"{desk.url}{path}", timeout=20)
    stranger.get(stop, headers={"Authorization": f"Bearer {key}"}, timeout=20)
    anna = sign_in(desk, EMAIL, PASSWORD)
    url = f"{desk.url}/new/other/"
    page = anna.get(url, timeout=20)
    fields = page_form(page.text, "subject") | {"subject": "With a file", "text": "Please look."}
    raised = anna.post(
        url,
        data=fields,
        files={"attachments": ("a.txt", b"words")},
        headers={"Referer": url},
        timeout=30,
    )
    assert "/requests/" in raised.url, raised.text[:2000]
    links = re.findall(r"/files/\w+/", raised.text)
    assert links, raised.text[:4000]
    found = [key, rating, *(str(value) for value in anna.cookies.get_dict().values())]
    for link in links[:1]:
        away = anna.get(f"{desk.url}{link}", allow_redirects=False, timeout=20)
        found += parse_qs(urlsplit(away.headers.get("Location", "")).query).get(
            "X-Amz-Signature", []
        )
    return found


def test_no_secret_is_told(desk: Desk, tmp_path: Path, taken: Collector) -> None:
    desk.manage("demo", "--tickets", "10")
    made = desk.run(f"EMAIL = {EMAIL!r}\n{MAKE}").splitlines()[-4:]
    desk.start()
    found = _asked(desk, made)
    desk.run(RENAME % ("tickets_ticket", "elsewhere"))
    broken = sign_in(desk, EMAIL, PASSWORD).get(
        f"{desk.url}/requests/?token={TYPED['token']}", timeout=20
    )
    desk.run(RENAME % ("elsewhere", "tickets_ticket"))
    _until(desk, tmp_path / "worker.log", "mail")
    letters = desk.run(LETTERS)
    found += re.findall(r"\b[A-Z0-9]{3}-?[A-Z0-9]{3}\b(?=\s)", letters)
    found += re.findall(r"/reset/key/([\w-]+)/", letters)
    desk.stop()

    assert broken.status_code == 500
    told = "\n".join(path.read_text() for path in tmp_path.glob("*.log"))
    told += b"\n".join(taken.raw).decode("utf-8", "replace")
    assert '"Namespace":"Tendril"' in told
    assert len(taken.spans) > 100
    secrets = {*GIVEN.values(), *TYPED.values(), *made, *found, "canary-hook", PASSWORD}
    assert len(found) >= 5
    assert sorted(secret for secret in secrets if len(secret) > 5 and secret in told) == []
    assert "canary" not in told
    assert "no such table" in told or "does not exist" in told


def _until(desk: Desk, log: Path, word: str) -> None:
    """The worker has tried to send, and failed."""
    deadline = time.monotonic() + PATIENCE
    while word not in log.read_text():
        assert time.monotonic() < deadline, desk.logs()
        time.sleep(0.2)
