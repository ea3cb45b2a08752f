"""What a visitor sees when something can't be done: in words, with a way on, in the form asked."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.portal.views import home
from tests.cast import Cast

pytestmark = pytest.mark.django_db

WRONG = "private, no-store"


def test_nothing_there_says_so_and_leads_home() -> None:
    answer = Client().get("/nothing/here/")

    assert answer.status_code == 404
    assert b"nothing that you may see" in answer.content
    assert b'href="/"' in answer.content


def test_htmx_gets_a_notice_into_the_pages_place_for_it() -> None:
    answer = Client().get("/nothing/here/", headers={"HX-Request": "true"})

    assert answer.status_code == 404
    assert answer["HX-Retarget"] == "#messages"
    assert answer.content.lstrip().startswith(b'<p class="notice error" role="alert">')


def test_a_program_gets_json() -> None:
    answer = Client().get("/nothing/here/", headers={"Accept": "application/json"})

    assert answer.json()["code"] == "not-found"
    assert answer.json()["request"] == answer["X-Request-Id"]


def test_a_broken_page_is_told_without_what_may_be_broken(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(home, "actor_of", broken)
    client = Client(raise_request_exception=False)

    with django_assert_num_queries(0):
        answer = client.get("/")

    assert answer.status_code == 500
    assert answer["X-Request-Id"] in answer.content.decode()
    assert b"secret" not in answer.content


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("testserver", "/nothing/here/", 404),
        ("testserver", "/%00/", 404),  # refused by a middleware
        ("stranger.example", "/", 400),  # by Django itself
        ("testserver", "/notifications/read/", 405),
        ("testserver", "/", 500),
    ],
)
def test_nobody_keeps_what_went_wrong(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, host: str, path: str, status: int
) -> None:
    """A page with a name in its head would be shown to whoever asks next."""
    client = Client(raise_request_exception=False, headers={"Host": host})
    client.force_login(cast.rachel)
    if status == 500:
        monkeypatch.setattr(home, "actor_of", lambda _: 1 / 0)

    answer = client.get(path)

    assert (answer.status_code, answer["Cache-Control"]) == (status, WRONG)


def test_nor_what_was_refused_of_a_form(cast: Cast, settings: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.rachel)
    stale = client.post("/new/other/", {"text": "My story"})
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    large = client.post("/new/other/", {"text": "T" * 40})

    assert [(each.status_code, each["Cache-Control"]) for each in (stale, large)] == [
        (403, WRONG),
        (413, WRONG),
    ]


def test_nor_that_nobody_but_the_edge_is_answered(settings: Any) -> None:
    settings.ORIGIN_SECRET = "of-the-edge"

    assert Client().get("/")["Cache-Control"] == WRONG


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("DATA_UPLOAD_MAX_MEMORY_SIZE", 10),
        ("DATA_UPLOAD_MAX_NUMBER_FIELDS", 1),
        ("DATA_UPLOAD_MAX_NUMBER_FILES", 1),
    ],
)
def test_what_is_too_large_is_told_so(cast: Cast, settings: Any, limit: str, value: int) -> None:
    client = Client()
    client.force_login(cast.rachel)
    setattr(settings, limit, value)
    files = [SimpleUploadedFile(f"{n}.txt", b"x" * 40) for n in range(2)]

    answer = client.post("/new/other/", {"subject": "S" * 40, "text": "T", "attachments": files})

    assert answer.status_code == 413
    assert b"Nothing was saved" in answer.content


def test_so_is_what_says_beforehand_that_it_is_larger_than_any_form(
    cast: Cast, settings: Any
) -> None:
    for limit in ("ATTACHMENT_MAX_BYTES", "ATTACHMENTS_PER_MESSAGE", "DATA_UPLOAD_MAX_MEMORY_SIZE"):
        setattr(settings, limit, 10)
    client = Client()
    client.force_login(cast.rachel)

    answer = client.post("/new/other/", {"a": SimpleUploadedFile("a.txt", b"x" * 200)})

    assert answer.status_code == 413


def test_too_many_attempts_say_when_to_try_again(cast: Cast) -> None:
    client = Client()
    for _ in range(12):
        cache.clear()  # allauth's own count; ours is in the database
        answer = client.post("/account/password/reset/", {"email": "rachel@example.com"})

    assert answer.status_code == 429
    assert answer["Retry-After"] == "300"
    assert answer["Cache-Control"] == WRONG
    assert b"Try again in 5 minutes" in answer.content


def test_a_stale_form_keeps_what_was_typed_and_no_secret(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.rachel)
    typed = {"text": "My long <b>story</b>", "password": "hunter2", "csrfmiddlewaretoken": "old"}

    answer = client.post("/new/other/", typed, headers={"Referer": "http://testserver/new/other/"})

    page = answer.content.decode()
    assert answer.status_code == 403
    assert "My long &lt;b&gt;story&lt;/b&gt;" in page
    assert 'href="http://testserver/new/other/"' in page
    assert "hunter2" not in page
    assert ">old<" not in page


def test_a_part_of_a_page_leads_whoever_was_signed_out_to_the_sign_in_page() -> None:
    answer = Client().get(
        "/requests/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/requests/?state=all"},
    )

    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/account/login/?next=%2Frequests%2F%3Fstate%3Dall"


def test_the_bell_of_a_page_whose_reader_was_signed_out_stays_quiet() -> None:
    answer = Client().get("/notifications/bell/", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.content) == (204, b"")
