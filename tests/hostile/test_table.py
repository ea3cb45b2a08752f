"""Nothing of the table comes alive, breaks a page or loses what is legitimate."""

from __future__ import annotations

import email
import email.policy
import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from apps.accounts import actions as people
from apps.kernel.actors import SYSTEM
from apps.kernel.text import one_line
from apps.notifications.models import OutgoingMail
from apps.tickets.models import CategoryField, Message
from tests.cast import Cast
from tests.hostile import alive, doors, table
from tests.hostile.doors import Said
from tests.notifications.post import hear, mails, text_of
from tests.support import NOON
from tests.tickets.desk import raised

pytestmark = pytest.mark.django_db


@pytest.fixture
def outbox(settings: object, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "apps.notifications.folder.FolderBackend"  # type: ignore[attr-defined]
    settings.EMAIL_FILE_PATH = str(tmp_path / "outbox")  # type: ignore[attr-defined]
    return tmp_path / "outbox"


@pytest.fixture
def said(cast: Cast) -> list[Said]:
    """The first says plain words: what is alive on its pages may be alive on all."""
    CategoryField.objects.create(category=cast.lost_card, key="k", label="Field", kind="text")
    words = ["Plain words", *(row.sent for row in table.TEXTS)]
    return [doors.say_everywhere(cast, one, number) for number, one in enumerate(words)]


def test_nothing_comes_alive_on_the_pages_of_a_ticket(cast: Cast, said: list[Said]) -> None:
    quiet = {where: alive.alive(page) for where, page in doors.own_pages(cast, said[0]).items()}

    for row, one in zip(table.TEXTS, said[1:], strict=True):
        found = doors.own_pages(cast, one)
        for where, page in found.items():
            assert alive.alive(page) <= quiet[where], (row.name, where)
        assert one_line(row.gets) in alive.text(found["portal"]), row.name
        assert one_line(row.sent) in alive.text(found["list"]), row.name
        kept = {"".join(m.source.split()) for m in Message.objects.filter(ticket=one.ticket)}
        assert kept == {"".join(row.sent.split())}, row.name


def test_nothing_comes_alive_on_common_pages(cast: Cast, outbox: Path) -> None:
    raised(cast)
    hear()
    mails(outbox)
    quiet = {where.rstrip("0123456789"): page for where, page in doors.common_pages(cast).items()}
    CategoryField.objects.create(category=cast.lost_card, key="k", label="Field", kind="text")
    for number, row in enumerate(table.TEXTS):
        doors.say_everywhere(cast, row.sent, number)
        if number % 6 == 0:
            words = row.sent
            people.set_availability(
                user=cast.alice, availability="away", note=words, actor=SYSTEM, now=NOON
            )
    hear()
    mails(outbox)

    for where, page in doors.common_pages(cast).items():
        found = alive.alive(page) - alive.alive(quiet.get(where, ""))
        assert not {one for one in found if "alert" in one or "evil" in one}, where


def test_a_mail_is_text_and_has_the_headers_that_we_give_it(
    cast: Cast, said: list[Said], outbox: Path
) -> None:
    hear()
    mails(outbox)

    sent = {str(mail.to): mail for mail in OutgoingMail.objects.all()}
    for row, one in zip(table.TEXTS, said[1:], strict=True):
        kept = sent[one.person.email]
        assert not {found for found in alive.alive(kept.html) if "alert" in found}, row.name
        assert kept.subject == f"{one.ticket.subject} [#{one.ticket.pk}]", row.name
    files = list(outbox.glob("*.eml"))
    assert len(files) >= len(table.TEXTS)
    for file in files:
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        assert not mail.defects
        assert "Bcc" not in mail
        assert len(mail.get_all("To")) == 1
        assert text_of(mail)
        assert text_of(mail, "html")


def test_an_export_is_plain_json(cast: Cast, said: list[Said]) -> None:
    path = f"/admin/accounts/user/{said[1].person.pk}/export/"
    answer = doors.client_of(cast.ada).post(path, {"sure": "on"})

    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"].startswith("attachment")
    assert json.loads(answer.content)["profile"]["name"] == "<script>alert(1)</script>"


@pytest.mark.parametrize(("_name", "sent", "kept"), table.LINES, ids=[r[0] for r in table.LINES])
def test_a_line_is_one_line_of_what_can_be_seen(_name: str, sent: str, kept: str | None) -> None:
    assert one_line(sent) == (kept or "")


def test_a_file_is_served_as_what_it_is(cast: Cast) -> None:
    rachel = doors.client_of(cast.rachel)
    for row in table.FILES:
        content = row.content()
        ticket = raised(cast, attachments=[doors.attached(row.file_name, content)])
        file = ticket.messages.get().attachments.get()

        answer = rachel.get(f"/files/{file.ref}/")
        body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]

        assert (answer.status_code, body) == (200, content), row.name
        assert file.name == (row.shown or row.file_name), row.name
        assert answer["Content-Type"] == row.gets, row.name
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"].startswith("sandbox")
        assert answer["Cache-Control"] == "private, no-store"
        is_shown = row.gets != table.DOWNLOAD
        disposition = answer["Content-Disposition"]
        assert disposition.startswith("inline" if is_shown else "attachment"), row.name
        assert disposition.isascii(), row.name
        assert not {"\r", "\n", "\0"} & set(disposition), row.name
        assert _name_in(disposition) == file.name, row.name
        page = rachel.get(f"/requests/{ticket.ref}/").content.decode()
        assert (f'<img src="/files/{file.ref}/"' in page) == is_shown, row.name
        assert not {one for one in alive.alive(page) if "alert" in one}, row.name
        assert " ".join(file.name.split()) in alive.text(page), row.name


def _name_in(disposition: str) -> str:
    """The name as the standard library's reader of mail finds it in the header."""
    message = email.message_from_string(f"Content-Disposition: {disposition}\n\n")
    return str(message.get_filename())


def test_a_zip_bomb_is_kept_as_it_came(files_folder: Path) -> None:
    bomb = table.nested_bomb()
    doors.attached("bomb.zip", bomb)

    on_disk = [path.stat().st_size for path in files_folder.rglob("*") if path.is_file()]
    assert on_disk == [len(bomb)]
    assert len(bomb) < 100_000


def test_the_reader_sees_what_is_alive() -> None:
    for page in (
        "<script>x</script>", "<p onclick=x>", "<a href='java\tscript:x'>", "<p style='x'>",
        "<img src=//evil.example>", "<b x-init=y>", "<b hx-get=/>", "<iframe srcdoc=x>", "<svg>",
        "<a href='&#106;avascript:x'>", "<form action=/x>", "<meta http-equiv=refresh>",
    ):  # fmt: skip
        assert alive.alive(page), page
    assert not alive.alive("<p><a href='https://example.com/'>x</a> &lt;script&gt;</p>")
