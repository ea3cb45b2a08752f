"""The embedded mail: whole files, and who may read them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client

from apps.notifications import actions, tasks
from apps.notifications.outbox import outbox as kept
from tests.cast import Cast
from tests.support import NOON

pytestmark = pytest.mark.django_db


def send(to: str, *, text: str = "T", subject: str = "S", html: str = "") -> None:
    mail = EmailMultiAlternatives(subject, text, to=[to], connection=get_connection())
    if html:
        mail.attach_alternative(html, "text/html")
    mail.send()


def test_a_reader_never_sees_half_a_mail(outbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen_before_it_was_whole = []
    sync = os.fsync

    def look(file: int) -> None:
        seen_before_it_was_whole.append(kept.get().names())
        sync(file)

    monkeypatch.setattr(os, "fsync", look)
    send("x@example.com")

    assert seen_before_it_was_whole == [[]]
    assert len(kept.get().names()) == 1
    assert {path.suffix for path in outbox.iterdir()} == {".eml"}


def test_what_was_cut_off_by_a_kill_is_no_mail(outbox: Path) -> None:
    send("x@example.com")
    (whole,) = outbox.iterdir()
    whole.with_suffix(".1234.draft").write_bytes(whole.read_bytes()[:40])

    assert kept.get().names() == [whole.stem]


def test_a_mail_reads_as_it_was_written(outbox: Path) -> None:
    send("zoë@example.com", subject="Grüße ✓", text="Füße\n.\nFrom here", html="<p>Füße</p>")

    mail = kept.get().read(kept.get().names()[0])

    assert mail is not None
    assert (mail.subject, mail.to) == ("Grüße ✓", "zoë@example.com")
    assert mail.text.split() == ["Füße", ".", "From", "here"]
    assert mail.html.strip() == "<p>Füße</p>"


@pytest.mark.parametrize(
    "name", ["", "..", "../desk", "/etc/passwd", "20260504T120000-0123456789abcde", "a" * 33]
)
def test_a_name_that_we_never_gave_is_none(outbox: Path, name: str) -> None:
    outbox.mkdir()

    assert kept.get().read(name) is None


class TestPages:
    def _name(self) -> str:
        actions.queue_mail(
            key="a",
            to="rachel@example.com",
            subject="Your code",
            text="1234",
            html="<p>1234</p><script>alert(1)</script>",
            now=NOON,
        )
        tasks.send_due()
        return kept.get().names()[0]

    @pytest.mark.parametrize("who", ["rachel", "alice", "lena", None])
    def test_are_nothing_to_others(self, cast: Cast, outbox: Path, who: str | None) -> None:
        client, name = Client(), self._name()
        if who:
            client.force_login(getattr(cast, who))

        paths = ("/outbox/", f"/outbox/{name}/", f"/outbox/{name}/html/", f"/outbox/{name}/source/")
        assert {client.get(path).status_code for path in paths} == {404}

    def test_are_there_for_administrators(self, cast: Cast, outbox: Path) -> None:
        client, name = Client(), self._name()
        client.force_login(cast.ada)

        listed, page = client.get("/outbox/"), client.get(f"/outbox/{name}/")
        part, source = (
            client.get(f"/outbox/{name}/html/"),
            client.get(f"/outbox/{name}/source/"),
        )

        assert b"Your code" in listed.content
        assert b"1234" in page.content
        assert part["Content-Security-Policy"].startswith("sandbox")
        assert "script-src" not in part["Content-Security-Policy"]
        assert source["Content-Type"] == "message/rfc822"
        assert source["Content-Disposition"].startswith("attachment")

    def test_are_there_for_everybody_in_the_demo_alone(
        self, cast: Cast, outbox: Path, settings: Any
    ) -> None:
        name = self._name()

        settings.DEMO = True
        in_demo = Client().get(f"/outbox/{name}/").status_code
        with kept.override(kept.build("smtp://localhost")):
            by_server = Client().get(f"/outbox/{name}/").status_code

        assert (in_demo, by_server) == (200, 404)

    def test_list_what_came_before(self, cast: Cast, outbox: Path, monkeypatch: Any) -> None:
        monkeypatch.setattr("apps.notifications.views.PAGE", 2)
        client = Client()
        client.force_login(cast.ada)
        for n in range(3):
            send(f"number{n}@example.com")
        newest = kept.get().names()

        first = client.get("/outbox/").content.decode()
        second = client.get(f"/outbox/?before={newest[1]}").content.decode()

        assert [name for name in newest if name in first.replace("?before", "")][:2] == newest[:2]
        assert f"/outbox/{newest[2]}/" in second
        assert f"/outbox/{newest[0]}/" not in second
