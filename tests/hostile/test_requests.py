"""Odd addresses, forms and bodies get an answer that is no failure, and change nothing."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.kernel import markup
from apps.tickets import actions
from apps.tickets.errors import CustomFieldError
from apps.tickets.models import CategoryField, Message, Ticket
from tests.accounts.test_sign_in import SIGN_UP
from tests.cast import Cast, client_of, make_cast
from tests.hostile.doors import form
from tests.permissions.test_matrix import path_of
from tests.permissions.walk import routes
from tests.permissions.world import make_world
from tests.support import NOON, transactional
from tests.tickets.desk import raised, standing
from tests.tickets.test_concurrency import at_once

pytestmark = pytest.mark.django_db

ODD = {
    "NUL": "%00",
    "not UTF-8": "%ff%fe%c0%ae%ed%a0%80",
    "way up": "..%2f..%2fetc%2fpasswd%e2%80%ae",
    "huge number": "9" * 5000,
    "sql": "-1'%20OR%20'1'='1",
}
QUERIES = [
    "before=2026-13-01T00:00:00Z&last=1",
    "before=0001-01-01T00:00:00%2b14:00&last=" + "9" * 400,
    "before=9999-12-31T23:59:59-14:00&last=1&p=-1&e=1",
    "before=2026-01-01T00:00:00Z&last=%D9%A1%D9%A2",
    "before=%00&last=%00&q=%00&view=%00&state=%00&next=%00&as=%00&category=%00",
    "q=%ff%fe&view=%ff&state=%ff&whose=%ff&p=99999999999999999999&o=-99999999999",
    "before=10000-01-01T00:00:00Z&last=1&q="
    + "%28" * 500
    + "&status__id__exact=99999999999999999999999&priority=1e9&team__id__exact=x",
    "after=" + "%f0%9f%91%8d" * 200 + "&cursor=eyJ9&before=&last=",
]


@pytest.mark.parametrize("what", ODD)
def test_an_odd_address_is_no_failure(cast: Cast, what: str) -> None:
    """Every address of the desk that takes something, with something odd in its place."""
    world, client = make_world(cast), client_of(cast.ada)
    # Parameters would be percent-encoded again: they are put in as they stand.
    odd = dict.fromkeys([*world.at(""), "panel"], ODD[what])
    answers = {
        route: client.get(path_of(route, odd)).status_code
        for route in routes()
        if "<" in route or "(?P" in route
    }

    assert {route for route, status in answers.items() if status >= 500} == set()
    assert {route for route, status in answers.items() if status == 200} <= {
        "account/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
    }


@pytest.mark.parametrize("query", QUERIES)
def test_an_odd_question_is_no_failure(cast: Cast, query: str) -> None:
    raised(cast)
    pages = {
        cast.monica: ["/", "/requests/", "/new/", "/new/lost-card/", "/notifications/"],
        cast.ada: [
            reverse("admin:tickets_ticket_changelist"),
            reverse("admin:tickets_ticket_add"),
            reverse("admin:accounts_user_changelist"),
            reverse("admin:events_delivery_changelist"),
            reverse("admin:availability"),
            reverse("outbox"),
        ],
    }

    for user, paths in pages.items():
        client = client_of(user)
        for path in paths:
            answer = client.get(f"{path}?{query}", follow=True)
            assert answer.status_code < 500, path


def test_a_cookie_with_a_nul_is_none(cast: Cast) -> None:
    client = Client(headers={"cookie": 'sessionid="abcdefghijkl\\000"; csrftoken="\\000"'})

    assert client.get("/").status_code == 200


class TestBodies:
    def test_a_stranger_may_not_fill_the_disk(self, cast: Cast) -> None:
        assert _announced(Client(), 3_000_000_000) == 413

    def test_nobody_may(self, cast: Cast) -> None:
        assert _announced(client_of(cast.rachel), 3_000_000_000) == 413

    def test_files_of_a_known_person_have_room(self, cast: Cast, settings: Any) -> None:
        most = settings.ATTACHMENT_MAX_BYTES * settings.ATTACHMENTS_PER_MESSAGE

        # It is looked at, and found to be no form.
        assert _announced(client_of(cast.rachel), most) != 413

    @pytest.mark.parametrize("field", ["text", "subject", "anything"])
    def test_a_field_that_is_too_long_is_too_much(self, cast: Cast, field: str) -> None:
        sent = form(subject="S", text="T") | {field: "x" * 3_000_000}

        answer = client_of(cast.rachel).post("/new/other/", sent)

        assert answer.status_code == 413
        assert "send fewer or smaller files" in answer.content.decode()
        assert not Ticket.objects.exists()

    def test_too_many_fields_are_too_much(self, cast: Cast) -> None:
        sent = {f"f{n}": "x" for n in range(1100)}

        assert client_of(cast.rachel).post("/new/other/", sent).status_code == 413

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b'{"subject": "S", "text": "T"}', "application/json"),
            (b"subject=S&text=T", "text/plain"),
            (b"\xff\xfe\0", "application/x-www-form-urlencoded"),
            (b"subject=%ff%00&text=%00&submission=%00", "application/x-www-form-urlencoded"),
            (b"--x\r\nrubbish", "multipart/form-data; boundary=x"),
            (b"rubbish", "multipart/form-data"),
            (b"rubbish", "multipart/form-data; boundary=" + "b" * 300),
            (b"", "application/x-www-form-urlencoded"),
        ],
    )
    def test_what_is_no_form_makes_nothing(self, cast: Cast, body: bytes, kind: str) -> None:
        answer = client_of(cast.rachel).post("/new/other/", body, content_type=kind)

        assert answer.status_code in {200, 400}
        assert not Ticket.objects.exists()


def _announced(client: Client, length: int) -> int:
    """A body that says how long it is, and of which the desk gets to see little."""
    announced: Any = {"CONTENT_LENGTH": str(length), "wsgi.input": io.BytesIO(b"--x--\r\n")}
    kind = "multipart/form-data; boundary=x"
    return client.generic("POST", "/new/other/", b"", content_type=kind, **announced).status_code


class TestForms:
    def test_nobody_sets_what_the_form_lacks(self, cast: Cast) -> None:
        extra = {
            "status": "resolved", "status_category": "resolved", "team": cast.fraud.pk,
            "requester": cast.oscar.pk, "requester_id": cast.oscar.pk, "priority": "1",
            "impact": "1", "urgency": "1", "organisation": cast.other.pk, "assignee": cast.alice.pk,
            "is_major_incident": "on", "channel": "agent", "visibility": "internal", "ref": "x",
            "id": "1", "version": "99", "author": cast.alice.pk, "direction": "out", "tags": "vip",
            "is_staff": "on", "is_superuser": "on", "_method": "DELETE", "merged_into": "1",
        }  # fmt: skip
        rachel = client_of(cast.rachel)

        rachel.post("/new/other/", form(subject="S", text="T", **extra))
        ticket = Ticket.objects.get()
        rachel.post(f"/requests/{ticket.ref}/reply/", form(text="R", **extra))

        fresh = Ticket.objects.get()
        assert (fresh.requester, fresh.organisation, fresh.team) == (cast.rachel, cast.acme, None)
        assert (fresh.status_category, fresh.impact, fresh.assignee) == ("new", 3, None)
        assert (fresh.channel, fresh.is_major_incident, fresh.merged_into) == (
            "portal",
            False,
            None,
        )
        assert {(m.visibility, m.direction, m.author) for m in Message.objects.all()} == {
            ("public", "in", cast.rachel)
        }
        assert not fresh.tags.exists()
        assert not User.objects.get(pk=cast.rachel.pk).is_staff

    def test_nobody_signs_up_as_more_than_a_customer(self, client: Client) -> None:
        extra = {
            "is_staff": "on", "is_superuser": "on", "role": "administrator", "groups": "1",
            "organisation": "1", "is_organisation_manager": "on", "is_active": "on",
        }  # fmt: skip

        client.post("/account/signup/", SIGN_UP | extra)

        user = User.objects.get()
        assert [group.name for group in user.groups.all()] == ["requester"]
        rights = (user.is_staff, user.is_superuser, user.is_organisation_manager)
        assert rights == (False, False, False)
        assert user.organisation is None

    @pytest.mark.parametrize("name", ["\u200b\u2060", "\u3164", "\0", "x" * 121])
    def test_nobody_signs_up_under_a_name_that_cannot_be_read(
        self, client: Client, name: str
    ) -> None:
        answer = client.post("/account/signup/", SIGN_UP | {"name": name})

        assert answer.status_code == 200
        assert "name" in answer.context["form"].errors
        assert not User.objects.exists()

    def test_a_name_is_kept_on_one_line_and_unturned(self, client: Client) -> None:
        client.post("/account/signup/", SIGN_UP | {"name": "\u202eEvil\u202c\u2028 Name"})

        assert User.objects.get().name == "Evil Name"

    @pytest.mark.parametrize("subject", ["\u200b", " \u3000", "x" * 201, "\0"])
    def test_a_subject_that_cannot_be_read_is_refused(self, cast: Cast, subject: str) -> None:
        answer = client_of(cast.rachel).post("/new/other/", form(subject=subject, text="kept"))

        assert answer.status_code == 200
        assert "kept" in answer.content.decode()
        assert not Ticket.objects.exists()

    def test_a_text_without_end_is_refused(self, cast: Cast) -> None:
        answer = client_of(cast.rachel).post("/new/other/", form(subject="S", text="ä" * 200_000))

        assert answer.status_code == 200
        assert "text" in answer.context["form"].errors

    def test_of_a_field_sent_twice_the_last_counts(self, cast: Cast) -> None:
        said = form(subject=["one", "two"], text=["1", "2"])

        client_of(cast.rachel).post("/new/other/", said)

        assert Ticket.objects.get().subject == "two"

    @pytest.mark.parametrize("missing", ["subject", "text", "submission"])
    def test_without_a_field_nothing_is_made(self, cast: Cast, missing: str) -> None:
        said = form(subject="S", text="T")
        del said[missing]

        assert client_of(cast.rachel).post("/new/other/", said).status_code == 200
        assert not Ticket.objects.exists()

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("number", "1e999999"),
            ("number", "1e-999999"),
            ("number", "NaN"),
            ("number", "-Infinity"),
            ("number", "9" * 5000),
            ("date", "0000-01-01"),
            ("date", "10000-01-01"),
            ("date", "2026-02-30"),
            ("date", "\0"),
            ("choice", "other"),
            ("text", "\0"),
            ("text", "x" * 201),
        ],
    )
    def test_a_field_takes_what_it_is_made_for(self, cast: Cast, kind: str, value: str) -> None:
        CategoryField.objects.create(
            category=cast.lost_card, key="k", label="K", kind=kind, options=["one"]
        )

        answer = client_of(cast.rachel).post(
            "/new/lost-card/", form(subject="S", text="T", field_k=value)
        )

        assert answer.status_code == 200
        assert not Ticket.objects.exists()

    def test_a_number_that_is_a_page_long_is_none(self, cast: Cast) -> None:
        CategoryField.objects.create(category=cast.lost_card, key="k", label="K", kind="number")

        with pytest.raises(CustomFieldError):
            raised(cast, category=cast.lost_card, custom={"k": "1E+999999"})

    @pytest.mark.parametrize(
        ("panel", "said"),
        [
            ("merge", {"number": "9" * 40}),
            ("merge", {"number": "-1"}),
            ("links", {"kind": "blocks", "number": "9" * 4400}),
            ("parent", {"number": "18446744073709551616"}),
            ("status", {"until": "9999-12-31T23:59"}),
            ("status", {"until": "0001-01-01T00:00"}),
            ("tags", {"add": "\0"}),
            ("watchers", {"add": "a" * 300 + "@example.com"}),
            ("take", {"version": "9" * 40}),
            ("assign", {"team": "9" * 40, "assignee": "\0"}),
        ],
    )
    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])  # +14, -11
    def test_a_panel_of_the_desk_refuses_what_is_odd(
        self, cast: Cast, zone: str, panel: str, said: dict[str, str]
    ) -> None:
        cast.lena.time_zone = zone
        cast.lena.save()
        ticket = raised(cast)
        if panel == "status":
            scheduled = standing(cast, "scheduled")
            ticket, said = scheduled, {"status": str(scheduled.status_id), **said}

        path = reverse("admin:tickets_ticket_do", args=[ticket.pk, panel])
        answer = client_of(cast.lena).post(path, {"version": ticket.version, **said})

        assert answer.status_code in {302, 409}
        assert Ticket.objects.get(pk=ticket.pk).version == ticket.version

    def test_a_page_without_its_token_writes_nothing(self, cast: Cast) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.rachel)

        answer = client.post("/new/other/", form(subject="S", text="T"))

        assert answer.status_code == 403
        assert not Ticket.objects.exists()

    def test_a_category_that_was_archived_meanwhile_takes_nothing(self, cast: Cast) -> None:
        cast.lost_card.archived = True
        cast.lost_card.save()

        answer = client_of(cast.rachel).post("/new/lost-card/", form(subject="S", text="T"))

        assert answer.status_code in {200, 302, 404, 409}
        assert not Ticket.objects.filter(category=cast.lost_card).exists()

    def test_a_status_that_was_archived_meanwhile_is_refused(self, cast: Cast) -> None:
        ticket = raised(cast)
        path = reverse("admin:tickets_ticket_do", args=[ticket.pk, "status"])

        answer = client_of(cast.lena).post(path, {"version": 1, "status": "987654"})

        assert answer.status_code == 409
        assert Ticket.objects.get().status_category == "new"

    def test_a_form_of_somebody_else_is_used_up(self, cast: Cast) -> None:
        said = form(subject="S", text="T")
        client_of(cast.rachel).post("/new/other/", said)

        answer = client_of(cast.oscar).post("/new/other/", said)

        assert answer.status_code in {200, 409}
        assert Ticket.objects.get().requester == cast.rachel


@transactional
@pytest.mark.parametrize("door", ["raise", "reply", "note"])
def test_sent_four_times_at_once_it_is_there_once(door: str) -> None:
    cast = make_cast()
    ticket = raised(cast)
    said = {"subject": "S", "text": "once", "submission": str(uuid.uuid4()), "version": "1"}
    paths = {
        "raise": (cast.rachel, "/new/other/", said),
        "reply": (cast.rachel, f"/requests/{ticket.ref}/reply/", said),
        "note": (
            cast.alice,
            reverse("admin:tickets_ticket_write", args=[ticket.pk]),
            said | {"note": "1"},
        ),
    }
    user, path, sent = paths[door]
    clients = [client_of(user) for _ in range(4)]

    answers = at_once(*[lambda c=c: c.post(path, sent).status_code for c in clients])

    assert Message.objects.filter(source="once").count() == 1
    assert set(answers) <= {302, 409}


def test_a_text_made_of_addresses_is_not_searched_for_any() -> None:
    """Finding links in one run of characters takes time that grows with its square: seconds."""
    for bomb in ("http://a." * 5500, "http://a/[" * 5000, "www.a." * 8000, "a@b." * 12_000):
        assert "<a " not in markup.render(bomb, "markdown")

    assert "<a " in markup.render("see http://a.example/" + "x" * 1900, "markdown")


def test_a_text_is_rendered_before_its_ticket_is_locked(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, told = raised(cast), []

    def lock(*_: Any, **__: Any) -> None:
        told.append("lock")
        raise CustomFieldError({})

    def render(text: str, form: markup.Format) -> str:
        told.append("render")
        return text

    monkeypatch.setattr("apps.tickets.actions.writing._lock_open_end", lock)
    monkeypatch.setattr("apps.kernel.markup.render", render)

    with pytest.raises(CustomFieldError):
        actions.reply(ticket=ticket, text="T", actor=cast.actor(cast.rachel), now=NOON)

    assert told == ["render", "lock"]
