"""Nothing of the table comes alive, breaks a page or loses what is legitimate."""

from __future__ import annotations

import email
import email.policy
import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from apps.kernel.text import one_line
from apps.notifications.models import OutgoingMail
from apps.tickets.models import CategoryField, Message
from tests.cast import Cast, client_of
from tests.hostile import alive, doors, table
from tests.hostile.doors import Said
from tests.notifications.post import hear, mails, text_of
from tests.tickets.desk import raised

pytestmark = pytest.mark.django_db


@pytest.fixture
def outbox(settings: object, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "apps.notifications.folder.FolderBackend"  # type: ignore[attr-defined]
    settings.EMAIL_FILE_PATH = str(tmp_path / "outbox")  # type: ignore[attr-defined]
    return tmp_path / "outbox"


def test_nothing_comes_alive_and_nothing_is_lost(cast: Cast, outbox: Path) -> None:
    """One world for the whole table. The first says plain words: what lives on its pages may."""
    CategoryField.objects.create(category=cast.lost_card, key="k", label="Field", kind="text")
    words = ["Plain words", *(row.sent for row in table.TEXTS)]
    plain, *said = [doors.say_everywhere(cast, one, number) for number, one in enumerate(words)]
    hear()
    mails(outbox)

    quiet = {where: alive.alive(page) for where, page in doors.own_pages(cast, plain).items()}
    for row, one in zip(table.TEXTS, said, strict=True):
        for where, page in (found := doors.own_pages(cast, one)).items():
            assert alive.alive(page) <= quiet[where], (row.name, where)
        assert one_line(row.gets) in alive.text(found["portal"]), row.name
        kept = {"".join(m.source.split()) for m in Message.objects.filter(ticket=one.ticket)}
        assert kept == {"".join(row.sent.split())}, row.name
        _check_mail(one, row.name)
    for where, page in doors.common_pages(cast).items():
        assert not _hostile(page), where
    _check_headers(outbox, at_least=len(words))
    _check_export(cast, said[0])


def _hostile(page: str) -> set[str]:
    return {one for one in alive.alive(page) if "alert" in one or "evil" in one}


def _check_mail(said: Said, name: str) -> None:
    kept = OutgoingMail.objects.get(to=said.person.email)
    assert not _hostile(kept.html), name
    assert kept.subject == f"{said.ticket.subject} [#{said.ticket.pk}]", name


def _check_headers(outbox: Path, *, at_least: int) -> None:
    """A mail has the headers that we give it, and no others."""
    files = list(outbox.glob("*.eml"))
    assert len(files) >= at_least
    for file in files:
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        assert not mail.defects
        assert "Bcc" not in mail
        assert len(mail.get_all("To", [])) == 1
        assert text_of(mail)
        assert text_of(mail, "html")


def _check_export(cast: Cast, said: Said) -> None:
    path = f"/admin/accounts/user/{said.person.pk}/export/"
    answer = client_of(cast.ada).post(path, {"sure": "on"})
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"].startswith("attachment")
    assert json.loads(answer.content)["profile"]["name"] == "<script>alert(1)</script>"


@pytest.mark.parametrize(("_name", "sent", "kept"), table.LINES, ids=[r[0] for r in table.LINES])
def test_a_line_is_one_line_of_what_can_be_seen(_name: str, sent: str, kept: str | None) -> None:
    assert one_line(sent) == (kept or "")


def test_a_file_is_served_as_what_it_is(cast: Cast) -> None:
    rachel = client_of(cast.rachel)
    for row in table.FILES:
        content = row.content()
        ticket = raised(cast, attachments=[doors.attached(row.file_name, content)])
        file = ticket.messages.get().attachments.get()

        answer = rachel.get(f"/files/{file.ref}/")
        if row.gets == table.HELD:
            assert (answer.status_code, file.scan) == (404, "quarantined"), row.name
            continue
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
