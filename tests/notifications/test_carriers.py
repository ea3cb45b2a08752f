"""Every way that mail can leave the desk, each over a real connection."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.test import Client

from apps.kernel import aws as clients
from apps.kernel.actors import SYSTEM
from apps.notifications import actions, ses_outbox, tasks
from apps.notifications.carrying import AwayError, Carrier, DeskMail, carrier
from apps.notifications.models import OutgoingMail, Recipient
from apps.notifications.outbox import Outbox, outbox
from apps.tickets import actions as tickets
from apps.tickets.models import Message
from project.mail import check_ses
from tests.cast import Cast
from tests.notifications.post import hear
from tests.notifications.smtp import SmtpPost
from tests.ses import Ses
from tests.support import NOON
from tests.tickets.desk import LATER, raised

FOLDER = "folder:/nowhere"


class Post(Protocol):
    carrier: Carrier

    def arrived(self) -> list[bytes]:
        """The mails that were taken, as they were handed over."""


class FolderPost:
    def __init__(self, folder: Path, settings: Any) -> None:
        settings.EMAIL_BACKEND = "apps.notifications.folder.FolderBackend"
        settings.EMAIL_FILE_PATH = str(folder)
        self.folder, self.carrier = folder, carrier.build(FOLDER)

    def arrived(self) -> list[bytes]:
        return [path.read_bytes() for path in self.folder.glob("*")]


class SesPost:
    def __init__(self, server: Ses) -> None:
        self.server, self.carrier = server, carrier.get()

    def arrived(self) -> list[bytes]:
        return self.server.raws()


@pytest.fixture(params=["folder", "smtp", "ses"])
def post(
    request: pytest.FixtureRequest, settings: Any, tmp_path: Path
) -> Iterator[FolderPost | SmtpPost | SesPost]:
    if request.param == "folder":
        yield FolderPost(tmp_path / "post", settings)
    elif request.param == "smtp":
        made = SmtpPost(settings)
        yield made
        made.stop()
    else:
        yield SesPost(request.getfixturevalue("ses"))


def send(to: str = "zoe@example.com") -> DeskMail:
    mail = DeskMail(
        "Grüße ✓",
        "Füße\n.\nFrom here",
        to=[to],
        headers={
            "Message-ID": "<a.1@desk.example>",
            "List-Unsubscribe": "<https://desk.example/stop/>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        connection=get_connection(),
        label="7",
    )
    mail.attach_alternative("<p>Füße</p>", "text/html")
    mail.send()
    return mail


def read(source: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(source, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


class TestEveryCarrier:
    def test_takes_a_mail_whole(self, post: Post) -> None:
        send()

        (mail,) = map(read, post.arrived())
        text, html = mail.get_body(("plain",)), mail.get_body(("html",))
        assert text is not None
        assert html is not None
        assert (mail["Subject"], mail["To"]) == ("Grüße ✓", "zoe@example.com")
        assert text.get_content().split() == ["Füße", ".", "From", "here"]
        assert html.get_content().strip() == "<p>Füße</p>"
        assert mail["Message-ID"].strip() == "<a.1@desk.example>"
        assert mail["List-Unsubscribe"].strip() == "<https://desk.example/stop/>"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    def test_proves_itself_and_says_how(self, post: Post) -> None:
        told = post.carrier.prove()

        assert len(told) > 10
        assert [mail for mail in map(read, post.arrived()) if mail["To"] != SIMULATOR] == []

    def test_readmits_whom_it_never_refused(self, post: Post) -> None:
        post.carrier.readmit("zoe@example.com")


SIMULATOR = "success@simulator.amazonses.com"


class TestSes:
    def test_is_told_our_number_of_the_mail_and_the_configuration_set(self, ses: Ses) -> None:
        mail = send()

        (sent,) = ses.sent
        assert sent["ConfigurationSetName"] == "desk"
        assert sent["EmailTags"] == [{"Name": "mail", "Value": "7"}]
        assert sent["Destination"] == {"ToAddresses": ["zoe@example.com"]}
        assert mail.carried_as.startswith("0102-")

    @pytest.mark.django_db
    def test_its_name_of_the_mail_is_kept(self, ses: Ses) -> None:
        queue()
        tasks.send_due()

        assert OutgoingMail.objects.get().carried_as.startswith("0102-")

    @pytest.mark.parametrize(
        "url",
        ["ses://", "ses://a b", "ses://x/y", "ses://x?box=y", "ses://x?inbox=B", "ses://x?inbox="],
    )
    def test_a_bad_url_says_how_it_is_written(self, url: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=r"write ses://<configuration set>\?inbox="):
            check_ses("MAIL_URL", url)

    def test_a_good_url_may_leave_the_inbox_out(self) -> None:
        check_ses("MAIL_URL", "ses://tendril-local")
        check_ses("MAIL_URL", "ses://tendril-local?inbox=tendril-local-inbox-1")

    def test_without_credentials_one_line_says_so(
        self,
        ses: Ses,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        clients.client.cache_clear()

        with pytest.raises(AwayError, match="No AWS credentials for sesv2") as caught:
            send()
        assert "\n" not in str(caught.value)


def queue(key: str = "a", to: str = "x@example.com") -> OutgoingMail:
    return actions.queue_mail(key=key, to=to, subject="S", text="T", html="", now=NOON)


@pytest.mark.django_db
class TestTrouble:
    """What SES may answer; what is kept, and how it goes on."""

    def test_a_throttled_mail_waits_uncounted_and_the_batch_ends(self, ses: Ses) -> None:
        first, second = queue("a"), queue("b", "y@example.com")
        ses.refuse("TooManyRequestsException", "Maximum sending rate exceeded.")

        tasks.send_due()

        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.state, first.claims - first.waits) == ("queued", 0)
        assert "takes no more just now" in first.error
        assert (second.state, second.claims) == ("queued", 0)
        assert ses.sent == []
        OutgoingMail.objects.update(due_at=NOON)
        tasks.send_due()
        assert len(ses.sent) == 2
        assert set(OutgoingMail.objects.values_list("state", "error")) == {("sent", "")}

    def test_however_long_it_is_throttled_it_is_not_given_up(self, ses: Ses) -> None:
        queue()
        times = actions.MAX_ATTEMPTS + 3
        OutgoingMail.objects.update(claims=times, waits=times)
        ses.refuse("LimitExceededException", "Daily message quota exceeded.")

        tasks.send_due()

        mail = OutgoingMail.objects.get()
        assert (mail.state, mail.waits) == ("queued", times + 1)
        assert "quota" in mail.error

    @pytest.mark.parametrize(
        ("code", "said", "told"),
        [
            ("SendingPausedException", "Sending is paused.", "Sending is paused"),
            ("AccountSuspendedException", "", "account may send no mail"),
            ("MailFromDomainNotVerifiedException", "", "does not know the sender"),
            ("NotFoundException", "Configuration set <desk> does not exist.", "MAIL_URL"),
            ("AccessDeniedException", "not authorized to ses:SendEmail", "role's permissions"),
            (
                "MessageRejected",
                "Email address is not verified. The following identities failed: desk@localhost",
                "verify MAIL_FROM",
            ),
        ],
    )
    def test_what_somebody_has_to_mend_keeps_all_mail_and_says_what(
        self,
        ses: Ses,
        code: str,
        said: str,
        told: str,
    ) -> None:
        first, second = queue("a"), queue("b", "y@example.com")
        ses.refuse(code, said)

        tasks.send_due()

        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.state, first.claims, second.claims) == ("queued", 1, 0)
        assert told in first.error
        assert said in first.error

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("MessageRejected", "Email address is not verified. The following: x@example.com"),
            ("BadRequestException", "Local address contains control or whitespace"),
        ],
    )
    def test_a_refused_mail_is_given_up_at_once_and_stops_nobody(
        self,
        cast: Cast,
        ses: Ses,
        code: str,
        said: str,
    ) -> None:
        ticket = raised(cast)
        reply = tickets.reply(ticket=ticket, text="x", actor=cast.actor(cast.alice), now=LATER)
        hear()
        queue("b", "y@example.com")
        ses.refuse(code, said)

        tasks.send_due()

        refused = OutgoingMail.objects.get(to="rachel@example.com")
        assert (refused.state, refused.error.splitlines()[1]) == ("failed", said)
        assert Message.objects.get(pk=reply.pk).delivery == "failed"
        assert OutgoingMail.objects.get(key="b").state == "sent"

    def test_one_that_cannot_be_reached_keeps_all_mail(self, ses: Ses) -> None:
        first, second = queue("a"), queue("b", "y@example.com")
        ses.stop()

        tasks.send_due()

        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.state, first.claims, second.claims) == ("queued", 1, 0)
        assert "can't be reached" in first.error

    def test_a_mail_whose_answer_is_lost_is_asked_for_once(self, ses: Ses) -> None:
        mail = queue()
        ses.mute = 2

        tasks.send_due()

        mail.refresh_from_db()
        assert (len(ses.sent), ses.asked) == (1, 1)
        assert (mail.state, mail.claims) == ("queued", 1)
        assert mail.due_at > NOON

    def test_an_address_whose_answer_is_lost_is_readmitted_all_the_same(self, ses: Ses) -> None:
        ses.mute = 1

        carrier.get().readmit("zoe@example.com")

        assert ses.readmitted == ["zoe@example.com"] * 2

    def test_what_nobody_expects_is_tried_again(self, ses: Ses) -> None:
        queue()
        ses.refuse("TeapotException", "short and stout")

        tasks.send_due()

        assert "TeapotException: short and stout" in OutgoingMail.objects.get().error
        assert OutgoingMail.objects.get().state == "queued"


@pytest.fixture
def local_ses(aws: dict[str, str], settings: Any) -> Iterator[Outbox]:
    """The local AWS's own SES, with the desk's domain."""
    url = "ses://desk"
    settings.MAIL_URL, settings.EMAIL_BACKEND = url, "apps.notifications.ses.SesBackend"
    settings.DEFAULT_FROM_EMAIL = "Tendril <desk@desk.example.com>"
    boto3.client("sesv2").create_email_identity(EmailIdentity="desk.example.com")
    with outbox.override(outbox.build(url)) as kept, carrier.override(carrier.build(url)):
        yield kept


@pytest.mark.django_db
class TestTheLocalSes:
    def test_shows_what_was_sent_on_the_outbox_page(self, cast: Cast, local_ses: Outbox) -> None:
        for key, to in (("a", "x@example.com"), ("b", "y@example.com")):
            actions.queue_mail(
                key=key, to=to, subject=f"Grüße {key}", text="T", html="<p>Füße</p>", now=NOON
            )
        tasks.send_due()
        client = Client()
        client.force_login(cast.ada)
        name = local_ses.names()[0]

        listed = client.get("/outbox/").content.decode()
        page = client.get(f"/outbox/{name}/").content.decode()
        part = client.get(f"/outbox/{name}/html/").content.decode()

        assert len(local_ses.names()) == 2
        assert "Grüße a" in listed
        assert "desk@desk.example.com" in page
        assert "<p>Füße</p>" in part
        assert client.get("/outbox/20260504T120000-0123456789abcdef/").status_code == 404

    def test_that_is_away_says_so(
        self, cast: Cast, local_ses: Outbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        away = ses_outbox.LocalSes("http://127.0.0.1:9")
        client = Client()
        client.force_login(cast.ada)

        with outbox.override(away):
            assert client.get("/outbox/").status_code == 503

    def test_is_proved_by_a_mail_to_its_simulator(self, local_ses: Outbox) -> None:
        assert "simulator" in carrier.get().prove()

    def test_refuses_a_sender_that_it_does_not_know(self, local_ses: Outbox, settings: Any) -> None:
        settings.DEFAULT_FROM_EMAIL = "desk@elsewhere.example"
        queue()

        tasks.send_due()

        mail = OutgoingMail.objects.get()
        assert mail.state == "queued"
        assert "verify MAIL_FROM" in mail.error


@pytest.mark.django_db
class TestAnAddressThatMailComesBackFrom:
    @pytest.fixture
    def blocked(self) -> Recipient:
        return Recipient.objects.create(
            address="x@example.com", state="suppressed", reason="550 no such user", since=NOON
        )

    def test_gets_no_more_mail(self, ses: Ses, blocked: Recipient) -> None:
        mail = queue(to="X@example.com")
        tasks.send_due()

        assert (mail.state, ses.sent) == ("failed", [])
        assert "came back" in mail.error

    def test_gets_none_that_waited_either(self, ses: Ses) -> None:
        queue()
        Recipient.objects.create(address="x@example.com", state="complained", since=NOON)

        tasks.send_due()

        assert (OutgoingMail.objects.get().state, ses.sent) == ("failed", [])

    def test_still_gets_the_code_that_proves_it(self, ses: Ses, blocked: Recipient) -> None:
        actions.queue_mail(
            key="a", to="x@example.com", subject="S", text="T", html="", insists=True, now=NOON
        )
        tasks.send_due()

        assert (len(ses.sent), ses.readmitted) == (1, ["x@example.com"])

    def test_is_readmitted_at_its_carrier_once_it_is_cleared(
        self,
        ses: Ses,
        blocked: Recipient,
    ) -> None:
        actions.clear_address(address="X@example.com", actor=SYSTEM, now=LATER)
        hear()
        queue()
        tasks.send_due()

        blocked.refresh_from_db()
        assert (blocked.state, blocked.reason) == ("ok", "")
        assert (ses.readmitted, len(ses.sent)) == (["x@example.com"], 1)
