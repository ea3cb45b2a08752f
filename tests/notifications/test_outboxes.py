"""Every outbox: what left can be read where it is kept, and nothing else is lost or shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.mail import get_connection
from django.utils import timezone

from apps.notifications import ses_outbox
from apps.notifications.carrying import DeskMail
from apps.notifications.outbox import NAME, Outbox, OutboxAwayError, outbox
from tests.notifications.smtp import SmtpPost

NOBODYS = "20260504T120000-0123456789abcdef"


@dataclass
class Desk:
    """`keeps`: what is sent can be read. `deletes`: it can be deleted too."""

    outbox: Outbox
    keeps: bool = False
    deletes: bool = False

    def send(self, to: str = "zoe@example.com", *, n: int = 1, text: str = "Füße") -> None:
        mail = DeskMail(
            f"Grüße {n}",
            text,
            to=[to],
            headers={"Message-ID": f"<{n}.1@desk.example>"},
            connection=get_connection(),
            label=f"{n}",
        )
        mail.attach_alternative(f"<p>{text}</p>", "text/html")
        mail.send()

    def recipients(self) -> list[str]:
        mails = [self.outbox.read(name) for name in self.outbox.names()]
        return sorted(mail.to for mail in mails if mail is not None)


@pytest.fixture(params=["folder", "smtp", "ses", "a local ses"])
def desk(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Iterator[Desk]:
    settings.DEFAULT_FROM_EMAIL = "Tendril <desk@desk.example.com>"
    if request.param == "folder":
        settings.EMAIL_BACKEND = "apps.notifications.folder.FolderBackend"
        settings.EMAIL_FILE_PATH = str(tmp_path / "post")
        yield Desk(outbox.build("folder:/nowhere"), keeps=True, deletes=True)
    elif request.param == "smtp":
        server = SmtpPost(settings)
        yield Desk(outbox.build("smtp://127.0.0.1"))
        server.stop()
    elif request.param == "ses":
        request.getfixturevalue("ses")
        with pytest.MonkeyPatch.context() as on_aws:  # where no variable names another endpoint
            on_aws.delenv("AWS_ENDPOINT_URL_SESV2")
            made = outbox.build("ses://desk")
        yield Desk(made)
    else:
        request.getfixturevalue("aws")
        settings.MAIL_URL = "ses://desk"
        settings.EMAIL_BACKEND = "apps.notifications.ses.SesBackend"
        boto3.client("sesv2").create_email_identity(EmailIdentity="desk.example.com")
        yield Desk(outbox.build("ses://desk"), keeps=True)


class TestEveryOutbox:
    def test_shows_what_left_as_it_was_written(self, desk: Desk) -> None:
        desk.send()

        names = desk.outbox.names()
        mails = [desk.outbox.read(name) for name in names]

        assert desk.outbox.is_readable == desk.keeps
        assert len(names) == desk.keeps
        for name, mail in zip(names, mails, strict=True):
            assert mail is not None
            assert (NAME.fullmatch(name) is not None, mail.name) == (True, name)
            assert (mail.subject, mail.to) == ("Grüße 1", "zoe@example.com")
            assert "desk@desk.example.com" in mail.sender
            assert (mail.text.strip(), mail.html.strip()) == ("Füße", "<p>Füße</p>")
            assert abs(mail.sent_at - timezone.now()) < timedelta(minutes=5)

    def test_lists_each_mail_once(self, desk: Desk) -> None:
        for n in range(3):
            desk.send(f"{n}@example.com", n=n)

        names = desk.outbox.names()

        assert names == sorted(set(names), reverse=True)
        assert len(names) == 3 * desk.keeps

    @pytest.mark.parametrize("name", ["", "..", "../desk", "/etc/passwd", NOBODYS, "a" * 33])
    def test_knows_nothing_by_a_name_that_it_never_gave(self, desk: Desk, name: str) -> None:
        desk.send()

        assert desk.outbox.read(name) is None

    def test_deletes_the_mails_of_an_identity(self, desk: Desk) -> None:
        desk.send("a@example.com", n=1)
        desk.send("b@example.com", n=11)

        desk.outbox.discard("<1.1@desk.example>")

        left = ["b@example.com"] if desk.deletes else ["a@example.com", "b@example.com"]
        assert desk.recipients() == left * desk.keeps

    def test_deletes_the_mails_of_an_address_and_nobody_elses(self, desk: Desk) -> None:
        theirs = {"Ann@example.com": "x", "b@example.com": "Ask ann@example.com. Now"}
        others = {
            "joann@example.com": "x",
            "j.ann@example.com": "x",
            "ann@example.com.au": "x",
            "c@example.com": "+ann@example.com, ann@example.com-x",
        }
        for n, (to, text) in enumerate({**theirs, **others}.items()):
            desk.send(to, n=n, text=text)

        desk.outbox.forget("ann@example.com")

        left = others if desk.deletes else {**theirs, **others}
        assert desk.recipients() == sorted(left) * desk.keeps

    def test_deletes_the_mails_of_before_a_moment(self, desk: Desk) -> None:
        desk.send()
        now: datetime = timezone.now()

        desk.outbox.prune(before=now - timedelta(minutes=10))
        kept = len(desk.outbox.names())
        desk.outbox.prune(before=now + timedelta(minutes=10))

        assert kept == desk.keeps
        assert len(desk.outbox.names()) == (desk.keeps and not desk.deletes)


def test_a_local_ses_that_is_away_says_so(aws: dict[str, str]) -> None:
    away = ses_outbox.LocalSes("http://127.0.0.1:9")

    with pytest.raises(OutboxAwayError):
        away.names()
    with pytest.raises(OutboxAwayError):
        away.read(NOBODYS)
