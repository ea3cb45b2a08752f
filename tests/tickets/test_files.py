from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from apps.kernel.uploads import FileRefusedError
from apps.tickets import files
from apps.tickets.models import Attachment, Ticket
from tests.cast import Cast
from tests.support import NOON
from tests.tickets.desk import raised, stored


def _png() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (2, 2)).save(data, "PNG")
    return data.getvalue()


def _zip() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("zeros", b"\0" * 1_000_000)
    return data.getvalue()


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
HTML = b"<!DOCTYPE html><script>alert(1)</script>"
SHOWN = "image/png"
# What each hostile or honest file is taken for, and whether a browser may show it.
CORPUS = [
    ("honest.png", _png(), "image/png", True),
    ("really-html.png", HTML, "text/html", False),
    ("really-svg.png", SVG, "image/svg+xml", False),
    ("polyglot.gif", b"GIF89a/*" + HTML, "text/html", False),
    ("picture.svg", SVG, "image/svg+xml", False),
    ("page.html", HTML, "text/html", False),
    ("bomb.zip", _zip(), "application/zip", False),
    ("setup.exe", b"MZ\x90\0" + b"\0" * 200, None, False),
    ("letter.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "application/pdf", False),
    ("notes.txt", "grüße".encode(), "text/plain", False),
    ("noise.bin", bytes(range(256)) * 4, None, False),
]


@pytest.mark.parametrize(("name", "content", "kind", "is_shown"), CORPUS)
@pytest.mark.django_db
def test_is_served_by_what_it_is_not_by_its_name(
    cast: Cast, name: str, content: bytes, kind: str | None, is_shown: bool
) -> None:
    raised(cast, attachments=[stored(name, content)])
    attachment = Attachment.objects.get()
    client = Client()
    client.force_login(cast.rachel)

    answer = client.get(f"/files/{attachment.ref}/")
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]

    assert body == content
    if kind is not None:
        assert attachment.content_type == kind
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    if is_shown:
        assert answer["Content-Type"] == SHOWN
        assert answer["Content-Disposition"].startswith("inline")
    else:
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\plan.doc", "plan.doc"),
        ("gpj.exe\u202e.txt", "gpj.exe.txt"),
        ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie: x=1.txt"),
        ("...", "file"),
        ("", "file"),
        ("x" * 300 + ".pdf", "x" * 115 + "….pdf"),
        ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),
    ],
)
def test_a_name_is_only_data(name: str, shown: str) -> None:
    assert files.clean_name(name) == shown


def test_a_key_has_nothing_of_the_name() -> None:
    kept = stored("../../evil.html")

    assert "evil" not in kept.key
    assert kept.name == "evil.html"


def test_the_digest_is_the_contents() -> None:
    assert stored(content=b"abc").sha256 == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


@pytest.mark.parametrize("size", [0, 2049])
def test_what_is_empty_or_too_large_is_refused(settings: object, size: int) -> None:
    settings.ATTACHMENT_MAX_BYTES = 2048  # type: ignore[attr-defined]

    with pytest.raises(FileRefusedError):
        files.store(SimpleUploadedFile("x.bin", b"x" * size))

    assert list(files.stored_before(NOON + timedelta(days=99_999))) == []


@pytest.mark.django_db
def test_a_refused_request_leaves_no_file(cast: Cast, settings: object) -> None:
    settings.ATTACHMENT_MAX_BYTES = 2048  # type: ignore[attr-defined]
    client = Client()
    client.force_login(cast.rachel)
    good, bad = (SimpleUploadedFile(name, b"x" * size) for name, size in (("a", 5), ("b", 4000)))
    page = client.get("/new/other/")
    form = page.context["form"]

    answer = client.post(
        "/new/other/",
        {
            "subject": "My subject",
            "text": "My text",
            "submission": form["submission"].value(),
            "attachments": [good, bad],
        },
    )

    assert answer.status_code == 200
    assert "too large" in answer.content.decode()
    assert "My text" in answer.content.decode()
    assert not Ticket.objects.exists()
    assert list(files.stored_before(NOON + timedelta(days=99_999))) == []


@pytest.mark.django_db
def test_an_upload_without_a_ticket_is_found(cast: Cast) -> None:
    orphan = stored()
    raised(cast, attachments=[stored()])
    kept = Attachment.objects.get().key

    keys = set(files.stored_before(NOON + timedelta(days=99_999)))

    assert keys == {orphan.key, kept}
    assert default_storage.exists(kept)
