"""Staff reach the desk with a second factor only, wherever it is required."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any
from urllib.parse import quote

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from apps.accounts.models import User
from tests.accounts.test_sign_in import log_in
from tests.cast import PASSWORD, Cast
from tests.permissions.matrix import rows
from tests.permissions.test_matrix import ask, letter, path_of
from tests.permissions.world import make_world

pytestmark = pytest.mark.django_db

QUEUE = "/admin/tickets/ticket/"


@pytest.fixture(autouse=True)
def required(settings: Any) -> None:
    settings.STAFF_MFA = "required"


def came_in(user: User) -> Client:
    EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    client = Client()
    log_in(client, user.email)
    return client


def code_for(secret: str) -> str:
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))


def test_one_factor_leads_to_where_a_second_is_set_up(cast: Cast) -> None:
    client = came_in(cast.alice)

    answer = client.get(f"{QUEUE}?q=card")
    page = client.get(answer["Location"])

    assert answer["Location"] == f"/account/second-factor/?next={quote(f'{QUEUE}?q=card', safe='')}"
    assert "Use an authenticator app" in page.text


def test_setting_one_up_opens_the_desk_at_once(cast: Cast) -> None:
    client = came_in(cast.alice)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    page = client.get("/account/2fa/totp/activate/")
    secret = re.search(r'value="([A-Z2-7]{16,})"', page.text)
    assert secret, page.text

    client.post("/account/2fa/totp/activate/", {"code": code_for(secret[1])})

    assert Authenticator.objects.filter(user=cast.alice, type="totp").exists()
    assert client.get(QUEUE).status_code == 200


def test_a_wrong_code_at_setting_up_does_not(cast: Cast) -> None:
    client = came_in(cast.alice)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    client.get("/account/2fa/totp/activate/")

    client.post("/account/2fa/totp/activate/", {"code": "000000"})

    assert client.get(QUEUE).status_code == 302


def test_who_shows_it_at_sign_in_goes_on(cast: Cast) -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(cast.alice, secret)
    client = came_in(cast.alice)

    client.post("/account/2fa/authenticate/", {"code": code_for(secret)})

    assert client.get(QUEUE).status_code == 200


def test_who_has_one_and_did_not_show_it_is_asked(cast: Cast) -> None:
    client = came_in(cast.alice)
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(cast.alice, secret)

    page = client.get(client.get(QUEUE)["Location"])
    client.post("/account/2fa/reauthenticate/", {"code": code_for(secret)})

    assert "Show my second factor" in page.text
    assert client.get(QUEUE).status_code == 200


def test_the_last_one_stays(cast: Cast) -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(cast.alice, secret)
    client = came_in(cast.alice)
    client.post("/account/2fa/authenticate/", {"code": code_for(secret)})
    client.post("/account/reauthenticate/", {"password": PASSWORD})

    client.post("/account/2fa/totp/deactivate/")

    assert Authenticator.objects.filter(user=cast.alice, type="totp").exists()


def test_customers_may_put_theirs_away(cast: Cast) -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(cast.rachel, secret)
    client = came_in(cast.rachel)
    client.post("/account/2fa/authenticate/", {"code": code_for(secret)})
    client.post("/account/reauthenticate/", {"password": PASSWORD})

    client.post("/account/2fa/totp/deactivate/")

    assert not Authenticator.objects.filter(user=cast.rachel).exists()


def test_they_can_still_sign_out(cast: Cast) -> None:
    client = came_in(cast.alice)

    assert client.post("/admin/logout/")["Location"] == "/"
    assert client.get("/requests/").status_code == 302


def test_a_part_of_a_page_becomes_a_visit_there(cast: Cast) -> None:
    client = came_in(cast.alice)

    answer = client.get(QUEUE, headers={"HX-Request": "true"})

    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/account/second-factor/")


def test_customers_are_asked_for_none(cast: Cast) -> None:
    client = came_in(cast.rachel)

    assert client.get("/requests/").status_code == 200
    assert client.get("/account/second-factor/")["Location"] == "/"


def test_it_leads_nobody_astray(cast: Cast, settings: Any) -> None:
    client = came_in(cast.alice)
    settings.STAFF_MFA = "optional"

    answer = client.get("/account/second-factor/?next=https://evil.example/")

    assert answer["Location"] == "/admin/"


@pytest.mark.parametrize("role", "alA")
def test_nothing_of_the_desk_opens_with_one_factor(role: str, cast: Cast) -> None:
    """Wherever the table gives staff more than it gives a customer of another organisation."""
    world = make_world(cast)
    person = world.people[role]
    assert person is not None
    client = came_in(person)
    open_ = []
    for row in rows():
        if row.route.startswith("admin/") and row.route != "admin/logout/":
            answer = ask(client, row, path_of(row.route, world.at(row.route)), world)
            if not answer.get("Location", "").startswith("/account/second-factor/"):
                open_.append((row.method, row.route, letter(answer)))

    assert open_ == []


def test_elsewhere_they_are_requesters(cast: Cast) -> None:
    world = make_world(cast)
    client = came_in(cast.ada)

    pages = [f"/requests/{world.ticket.ref}/", "/outbox/", f"/help/articles/{world.article.slug}/"]

    assert [client.get(page).status_code for page in pages] == [404, 404, 404]


def test_the_demo_asks_for_none(cast: Cast, settings: Any) -> None:
    settings.STAFF_MFA = "optional"  # what DEMO=1 means, unless it is said otherwise

    assert came_in(cast.alice).get(QUEUE).status_code == 200


@pytest.mark.parametrize(
    ("given", "means"),
    [({}, "required"), ({"DEMO": "1"}, "optional"), ({"DEMO": "1", "STAFF_MFA": "required"}, None)],
)
def test_the_setting_has_its_own_default(given: dict[str, str], means: str | None) -> None:
    clean = {key: kept for key, kept in os.environ.items() if key not in {"DEMO", "STAFF_MFA"}}
    script = "import json; from project import settings; print(json.dumps(settings.STAFF_MFA))"
    done = subprocess.run(
        [sys.executable, "-c", script], env=clean | given, capture_output=True, check=True
    )

    assert json.loads(done.stdout) == (means or "required")
