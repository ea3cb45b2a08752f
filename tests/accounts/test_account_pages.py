"""What people do with their own account, by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings as desk
from django.test import Client
from django.utils import timezone

from apps.accounts import views
from apps.accounts.middleware import SEEN
from apps.accounts.models import User
from apps.accounts.templatetags.devices import browser
from apps.events.models import Event
from apps.ops.catalogues import compile_all
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def compiled() -> None:
    """A fresh clone has no compiled catalogues before `make`."""
    compile_all(desk.LOCALE_PATHS[0])


def signed_in(user: User) -> Client:
    """Through the door, so that the password was just given."""
    EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    client = Client(HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux) Gecko Firefox/128.0")
    client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    return client


def sure(user: User) -> Client:
    """Somebody who has just given the password once more."""
    client = signed_in(user)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def test_a_librarys_titles_are_written_as_ours_are(cast: Cast) -> None:
    page = Client().get("/account/login/").content.decode()

    assert "Sign in" in page
    assert "Sign In" not in page


class TestProfile:
    def test_name_language_and_zone_are_saved(self, cast: Cast) -> None:
        client = signed_in(cast.rachel)

        client.post("/account/", {"name": "R. Roe", "locale": "de", "time_zone": "Asia/Dubai"})

        user = User.objects.get(pk=cast.rachel.pk)
        assert (user.name, user.locale, user.time_zone) == ("R. Roe", "de", "Asia/Dubai")
        assert '<html lang="de"' in client.get("/account/").content.decode()
        assert Event.objects.filter(name="person.changed").count() == 1

    @pytest.mark.parametrize(("field", "value"), [("locale", "xx"), ("time_zone", "Mars/Base")])
    def test_only_a_language_and_a_zone_that_we_know(
        self, cast: Cast, field: str, value: str
    ) -> None:
        data = {"name": "R", "locale": "en", "time_zone": "UTC", field: value}

        signed_in(cast.rachel).post("/account/", data)

        assert getattr(User.objects.get(pk=cast.rachel.pk), field) != value


class TestLooks:
    def test_the_scheme_is_in_the_page_as_it_is_served(self) -> None:
        client = Client()

        back = client.post("/looks/theme/", {"theme": "dark", "next": "/account/login/"})

        assert back["Location"] == "/account/login/"
        assert 'data-theme="dark"' in client.get("/account/login/").content.decode()
        client.post("/looks/theme/", {"theme": "auto"})
        assert "data-theme" not in client.get("/account/login/").content.decode()

    def test_a_visitors_language_is_kept_in_a_cookie_and_right_to_left(self) -> None:
        client = Client()

        client.post("/looks/language/", {"language": "ar"})

        assert '<html lang="ar"' in (page := client.get("/account/login/").content.decode())
        assert 'dir="rtl"' in page

    def test_a_persons_language_is_theirs_wherever_they_sign_in(self, cast: Cast) -> None:
        signed_in(cast.rachel).post("/looks/language/", {"language": "de"})

        assert User.objects.get(pk=cast.rachel.pk).locale == "de"
        page = signed_in(cast.rachel).get("/", headers={"Accept-Language": "ar"}).content.decode()
        assert "Meine Anfragen" in page

    def test_elsewhere_the_browser_says(self) -> None:
        page = Client().get("/", headers={"Accept-Language": "de-AT,en;q=0.5"}).content.decode()

        assert "Anmelden" in page

    @pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "javascript:x"])
    def test_the_way_back_stays_here(self, to: str) -> None:
        assert Client().post("/looks/theme/", {"next": to})["Location"] == "/"

    def test_the_page_of_styles_is_the_demos(self, settings: Any) -> None:
        settings.DEMO = True
        shown = Client().get("/styles/").status_code
        settings.DEMO = False

        assert (shown, Client().get("/styles/").status_code) == (200, 404)


class TestMyData:
    def test_is_handed_out_as_a_file_and_noted(self, cast: Cast) -> None:
        answer = sure(cast.rachel).post("/account/data/export/")

        assert answer.json()["profile"]["e-mail"] == "rachel@example.com"
        assert answer.json()["devices"][0]["browser"].endswith("Firefox/128.0")
        assert "attachment" in answer["Content-Disposition"]
        assert Event.objects.filter(name="privacy.exported").count() == 1

    def test_is_offered_to_whoever_said_lately_who_they_are(self, cast: Cast) -> None:
        long_ago = Client()
        long_ago.force_login(cast.rachel)

        assert b"/account/data/export/" in sure(cast.rachel).get("/account/data/").content
        page = long_ago.get("/account/data/").content
        assert b"/account/data/export/" not in page
        assert b"/account/reauthenticate/?next=/account/data/" in page

    def test_but_not_over_and_over(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(views, "EXPORTS", 1)
        client = sure(cast.rachel)
        client.post("/account/data/export/")

        answer = client.post("/account/data/export/")

        assert answer.status_code == 429
        assert answer["Retry-After"] == "3600"

    @pytest.mark.parametrize("what", ["export", "delete"])
    def test_asks_for_the_password_again_after_a_while(self, cast: Cast, what: str) -> None:
        client = Client()
        client.force_login(cast.rachel)

        answer = client.post(f"/account/data/{what}/", {"sure": "on"})

        assert answer["Location"].startswith("/account/reauthenticate/")
        assert User.objects.get(pk=cast.rachel.pk).anonymised_at is None

    def test_is_forgotten_at_once_by_their_own_wish(self, cast: Cast) -> None:
        client = sure(cast.rachel)

        client.post("/account/data/delete/", {"sure": "on"})

        user = User.objects.get(pk=cast.rachel.pk)
        fact = Event.objects.get(name="privacy.anonymised")
        assert user.anonymised_at is not None
        assert (fact.actor_kind, fact.actor_id) == ("person", user.pk)
        assert client.get("/account/").status_code == 302
        assert not UserSession.objects.filter(user=user).exists()

    def test_stays_without_a_tick(self, cast: Cast) -> None:
        answer = sure(cast.rachel).post("/account/data/delete/")

        assert answer.status_code == 400
        assert User.objects.get(pk=cast.rachel.pk).anonymised_at is None

    def test_staff_are_refused_and_told_why(self, cast: Cast) -> None:
        answer = sure(cast.alice).post("/account/data/delete/", {"sure": "on"})

        assert b"removed by an administrator" in answer.content
        assert User.objects.get(pk=cast.alice.pk).is_active


class TestDevices:
    def test_are_named_and_the_others_signed_out(self, cast: Cast) -> None:
        here, there = signed_in(cast.rachel), signed_in(cast.rachel)
        page = here.get("/account/sessions/").content.decode()

        here.post("/account/sessions/")

        assert page.count("Firefox on Linux") == 2
        assert page.count("This device") == 1
        assert there.get("/account/").status_code == 302
        assert here.get("/account/").status_code == 200

    def test_are_noted_as_seen_once_in_a_while(self, cast: Cast) -> None:
        client = signed_in(cast.rachel)
        long_ago = timezone.now() - timedelta(hours=2)
        UserSession.objects.update(last_seen_at=long_ago)
        client.get("/")
        at_once = UserSession.objects.get().last_seen_at
        session = client.session
        session[SEEN] = int(long_ago.timestamp())
        session.save()

        client.get("/")

        assert at_once == long_ago
        assert UserSession.objects.get().last_seen_at > long_ago


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (iPhone; CPU OS 18 like Mac OS X) Version/18 Safari/604", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130 Safari/537 Edg/130", "Edge on Windows"),
        ("curl/8", "An unknown program"),
    ],
)
def test_a_browser_in_words(agent: str, name: str) -> None:
    assert browser(agent) == name
