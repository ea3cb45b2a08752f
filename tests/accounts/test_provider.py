"""Signing in through a provider: who is found, who is made, who stays out, and as what."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from apps.accounts import actions, vouching
from apps.accounts.identity import identity
from apps.accounts.middleware import SEEN
from apps.accounts.models import OrganisationDomain, User
from apps.accounts.permissions import Role
from apps.events.models import Event
from apps.kernel.actors import SYSTEM
from tests.cast import PASSWORD, Cast
from tests.e2e.desk import free_port
from tests.oidc import CLIENT, SECRET, OtherProvider
from tests.support import NOON

pytestmark = pytest.mark.django_db

LOGIN, CALLBACK = "/account/oidc/oidc/login/", "/account/oidc/oidc/login/callback/"
NINA: dict[str, Any] = {
    "sub": "nina-1",
    "email": "Nina@New.example",
    "email_verified": True,
    "name": "Nina",
}


@pytest.fixture(autouse=True)
def provider(other: OtherProvider, settings: Any) -> Iterator[OtherProvider]:
    settings.IDENTITY_SECRET = SECRET
    with identity.override(identity.build(f"oidc+{other.url}?client={CLIENT}")):
        yield other


class _Still(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def location_of(url: str | urllib.request.Request) -> str:
    """Where the provider's page sends a browser."""
    try:
        urllib.request.build_opener(_Still).open(url, timeout=30)
    except urllib.error.HTTPError as answer:
        return str(answer.headers["Location"])
    raise AssertionError(f"{url} leads nowhere")


def begin(client: Client, path: str = LOGIN) -> str:
    """The provider's address that the desk's page leads to."""
    page = client.post(path)
    assert page.status_code == 200
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert found, page.text
    return unescape(found[1])


def come(client: Client, path: str = LOGIN) -> Any:
    return client.get(location_of(begin(client, path)))


def person(email: str) -> User:
    return User.objects.get(email=email)


def roles(user: User) -> list[str]:
    return [group.name for group in user.groups.all()]


class TestWhoIsFound:
    def test_a_stranger_with_a_proved_address_becomes_a_requester(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        OrganisationDomain.objects.create(organisation=cast.acme, domain="new.example")
        provider.set(person=NINA)
        client = Client(HTTP_ACCEPT_LANGUAGE="de")

        answer = come(client)

        nina = person("nina@new.example")
        assert answer.status_code == 302
        assert client.get("/requests/").status_code == 200
        assert (nina.name, nina.organisation, nina.is_staff) == ("Nina", cast.acme, False)
        assert (roles(nina), nina.locale) == (["requester"], "de")
        assert not nina.has_usable_password()
        assert EmailAddress.objects.get(user=nina).verified

    def test_they_come_back_to_the_page_that_they_wanted(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        provider.set(person=NINA)

        answer = come(Client(), f"{LOGIN}?next=/requests/")

        assert answer["Location"] == "/requests/"

    def test_they_are_not_led_astray(self, cast: Cast, provider: OtherProvider) -> None:
        provider.set(person=NINA)

        answer = come(Client(), f"{LOGIN}?next=https://evil.example/")

        assert answer["Location"] == "/"

    @pytest.mark.parametrize("verified", [True, "true"])
    def test_who_is_known_by_a_proved_address_is_linked(
        self, cast: Cast, provider: OtherProvider, verified: object
    ) -> None:
        provider.set(person=NINA | {"email": cast.rachel.email, "email_verified": verified})
        client = Client()

        come(client)

        account = SocialAccount.objects.get()
        assert account.user == cast.rachel
        assert account.uid == f"{provider.url}|nina-1"
        assert account.extra_data == {"email": "rachel@example.com"}
        fact = Event.objects.get(name="access.granted")
        assert (fact.data["what"], fact.data["value"]) == ("identity", "oidc")

    @pytest.mark.parametrize("verified", [False, "false", "", None, 0, 1, "True ", "yes"])
    def test_an_address_that_was_not_proved_opens_nothing(
        self, cast: Cast, provider: OtherProvider, verified: object
    ) -> None:
        provider.set(person=NINA | {"email": cast.rachel.email, "email_verified": verified})
        client = Client()

        answer = come(client)

        assert answer.status_code == 403
        assert "Have the address confirmed there" in answer.text
        assert client.get("/requests/").status_code == 302
        assert not SocialAccount.objects.exists()

    def test_without_an_address_nobody_gets_in(self, cast: Cast, provider: OtherProvider) -> None:
        provider.set(person={"sub": "x", "email_verified": True})

        assert come(Client()).status_code == 403

    def test_a_password_for_an_address_that_was_never_proved_is_worth_nothing(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        EmailAddress.objects.create(user=cast.rachel, email=cast.rachel.email, verified=False)
        provider.set(person=NINA | {"email": cast.rachel.email})

        come(Client())

        cast.rachel.refresh_from_db()
        assert not cast.rachel.has_usable_password()

    def test_a_proved_address_keeps_its_password(self, cast: Cast, provider: OtherProvider) -> None:
        EmailAddress.objects.create(user=cast.rachel, email=cast.rachel.email, verified=True)
        provider.set(person=NINA | {"email": cast.rachel.email})

        come(Client())

        cast.rachel.refresh_from_db()
        assert cast.rachel.check_password(PASSWORD)

    def test_afterwards_the_subject_counts_and_the_address_follows(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        provider.set(person=NINA)
        come(Client())
        nina = person("nina@new.example")

        provider.set(person=NINA | {"email": "nina@married.example"})
        come(Client())

        nina.refresh_from_db()
        assert nina.email == "nina@married.example"
        assert list(EmailAddress.objects.filter(user=nina).values_list("email", "verified")) == [
            ("nina@married.example", True)
        ]

    def test_the_organisation_follows_the_addresss_domain(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        OrganisationDomain.objects.create(domain="new.example", organisation=cast.acme)
        OrganisationDomain.objects.create(domain="next.example", organisation=cast.other)
        seen = []

        for email in ("nina@new.example", "nina@next.example", "nina@free.example"):
            provider.set(person=NINA | {"email": email})
            come(Client())
            seen.append(person(email).organisation)

        assert seen == [cast.acme, cast.other, None]

    def test_but_not_where_somebody_else_put_them(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        provider.set(person=NINA)
        come(Client())
        User.objects.update(organisation=cast.acme)

        provider.set(person=NINA | {"email": "nina@free.example"})
        come(Client())

        assert person("nina@free.example").organisation == cast.acme

    @pytest.mark.parametrize(
        "newer",
        [
            {"email": "rachel@example.com"},
            {"email": "nina@other.example", "email_verified": False},
            {"email": ""},
        ],
        ids=["taken", "not proved", "none"],
    )
    def test_but_not_to_an_address_that_is_not_theirs(
        self, cast: Cast, provider: OtherProvider, newer: dict[str, Any]
    ) -> None:
        provider.set(person=NINA)
        come(Client())
        provider.set(person=NINA | newer)
        client = Client()

        come(client)

        assert client.get("/requests/").status_code == 200
        assert SocialAccount.objects.get().user == person("nina@new.example")

    def test_a_subject_of_another_issuer_is_another_person(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        SocialAccount.objects.create(
            user=cast.rachel, provider="oidc", uid="https://other.example|nina-1"
        )
        provider.set(person=NINA)

        come(Client())

        accounts = SocialAccount.objects.exclude(user=cast.rachel)
        assert accounts.get().user == person("nina@new.example")


class TestWhoStaysOut:
    def test_whose_account_was_closed(self, cast: Cast, provider: OtherProvider) -> None:
        provider.set(person=NINA | {"email": cast.rachel.email, "groups": ["administrator"]})
        come(Client())
        actions.set_active(user=cast.rachel, active=False, actor=SYSTEM, now=NOON)
        client = Client()

        answer = come(client)

        cast.rachel.refresh_from_db()
        assert answer.status_code == 403
        assert "was closed" in answer.text
        assert client.get("/requests/").status_code == 302

    def test_by_address_as_well(self, cast: Cast, provider: OtherProvider) -> None:
        actions.set_active(user=cast.rachel, active=False, actor=SYSTEM, now=NOON)
        provider.set(person=NINA | {"email": cast.rachel.email})

        assert come(Client()).status_code == 403
        assert not SocialAccount.objects.exists()

    def test_whom_the_desk_has_forgotten_is_a_stranger(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        provider.set(person=NINA)
        come(Client())
        gone = person("nina@new.example")
        actions.anonymise_person(user=gone, actor=SYSTEM, now=NOON)

        come(Client())

        gone.refresh_from_db()
        assert not gone.is_active
        assert SocialAccount.objects.get().user == person("nina@new.example") != gone


class TestRoles:
    def test_come_from_the_groups_at_every_sign_in(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        seen = []
        for groups in (
            None,
            ["agent"],
            ["agent", "team-lead", "x"],
            ["administrator"],
            [],
            "agent",
        ):
            told = {} if groups is None else {"groups": groups}
            provider.set(person=NINA | told)
            come(Client())
            nina = person("nina@new.example")
            seen.append((roles(nina)[0], nina.is_staff))

        assert seen == [
            ("requester", False),
            ("agent", True),
            ("team lead", True),
            ("administrator", True),
            ("requester", False),
            ("agent", True),
        ]
        facts = Event.objects.filter(name="access.granted", data__what="role").order_by("id")
        assert [fact.data["value"] for fact in facts] == [role for role, _ in seen]

    def test_what_was_set_by_hand_lasts_until_then(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        provider.set(person=NINA)
        come(Client())
        nina = person("nina@new.example")
        actions.set_role(user=nina, role=Role.AGENT, actor=cast.actor(cast.ada), now=NOON)

        come(Client())

        assert roles(person("nina@new.example")) == ["requester"]

    def test_administrators_see_who_decides(self, cast: Cast, provider: OtherProvider) -> None:
        provider.set(person=NINA | {"groups": ["agent"]})
        come(Client())
        nina = person("nina@new.example")
        admin = Client()
        admin.force_login(cast.ada)
        path = f"/admin/accounts/user/{nina.pk}/change/"
        form = {"name": "N", "role": "administrator", "is_active": "on", "locale": "en"}

        page = admin.get(path).text
        admin.post(path, form | {"time_zone": "UTC"})

        nina.refresh_from_db()
        assert "Their groups at the identity provider decide it" in page
        assert (nina.name, roles(nina)) == ("N", ["agent"])

    @pytest.mark.parametrize(
        ("groups", "role"),
        [
            ("Printer administrator", Role.REQUESTER),
            ("[Support EU, Night shift]", Role.AGENT),
            ('["agent","Support EU"]', Role.AGENT),
            ("agent;administrator", Role.ADMINISTRATOR),
        ],
    )
    def test_groups_in_a_text_are_set_apart_by_its_signs_not_by_spaces(
        self, cast: Cast, provider: OtherProvider, settings: Any, groups: str, role: Role
    ) -> None:
        settings.IDENTITY_GROUPS = settings.IDENTITY_GROUPS | {"Support EU": "agent"}
        provider.set(person=NINA | {"groups": groups})

        come(Client())

        assert roles(person("nina@new.example")) == [role]

    def test_groups_have_the_names_that_the_settings_say(
        self, cast: Cast, provider: OtherProvider, settings: Any
    ) -> None:
        settings.IDENTITY_GROUPS = {"Support EU": Role.AGENT}
        provider.set(person=NINA | {"groups": ["Support EU", "administrator"]})

        come(Client())

        assert roles(person("nina@new.example")) == ["agent"]

    def test_by_hand_alone_where_no_claim_is_asked(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        provider.set(person=NINA | {"email": "lena@example.com", "groups": ["administrator"]})

        with identity.override(identity.build(f"oidc+{provider.url}?client={CLIENT}&groups=")):
            come(Client())

        assert roles(cast.lena) == ["team lead"]

    def test_the_last_administrator_stays_one_and_hears_of_it(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        provider.set(person=NINA | {"email": cast.ada.email})
        client = Client()

        come(client)

        assert roles(cast.ada) == ["administrator"]
        assert "You stay one, because there is no other" in client.get("/account/").text

    def test_one_of_two_administrators_does_not(self, cast: Cast, provider: OtherProvider) -> None:
        actions.set_role(user=cast.lena, role=Role.ADMINISTRATOR, actor=SYSTEM, now=NOON)
        provider.set(person=NINA | {"email": cast.ada.email})

        come(Client())

        assert roles(cast.ada) == ["requester"]


class TestTheExchange:
    def test_begins_with_pkce_a_state_and_a_nonce(self, cast: Cast) -> None:
        asked = parse_qs(urlsplit(begin(Client())).query)

        assert asked["code_challenge_method"] == ["S256"]
        assert len(asked["code_challenge"][0]) == 43
        assert len(asked["nonce"][0]) == 64
        assert len(asked["state"][0]) >= 16
        assert set(asked["scope"][0].split()) == {"openid", "email", "profile"}

    def test_takes_no_parameters_from_strangers(self, cast: Cast) -> None:
        more = urlencode({"auth_params": "prompt=none&max_age=0", "scope": "admin"})

        asked = parse_qs(urlsplit(begin(Client(), f"{LOGIN}?{more}")).query)

        assert "prompt" not in asked
        assert "admin" not in asked["scope"][0]

    def test_needs_a_click_of_ones_own(self, cast: Cast, provider: OtherProvider) -> None:
        page = Client().get(LOGIN)

        assert page.status_code == 200
        assert "http-equiv" not in page.text

    @pytest.mark.parametrize(
        "wrong",
        [
            {"nonce": "another's"},
            {"nonce": None},
            {"aud": "another desk"},
            {"aud": [CLIENT, "another"]},
            {"iss": "https://evil.example"},
            {"exp": 1},
            {"sub": ""},
        ],
        ids=str,
    )
    def test_believes_no_token_that_was_not_made_for_it(
        self, cast: Cast, provider: OtherProvider, wrong: dict[str, Any]
    ) -> None:
        provider.set(person=NINA | wrong)
        client = Client()

        answer = come(client)

        assert answer.status_code == 401
        assert "Begin again from the sign-in page" in answer.text
        assert client.get("/requests/").status_code == 302

    def test_a_code_works_for_the_browser_that_began_alone(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        provider.set(person=NINA)
        back = location_of(begin(Client()))
        victim = Client()

        answer = victim.get(back)

        assert answer.status_code == 401
        assert victim.get("/requests/").status_code == 302

    def test_a_code_works_once(self, cast: Cast, provider: OtherProvider) -> None:
        provider.set(person=NINA)
        client = Client()
        back = location_of(begin(client))
        client.get(back)
        client.post("/account/logout/")

        assert client.get(back).status_code == 401

    def test_another_code_in_a_stolen_state_fails_for_lack_of_the_verifier(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        provider.set(person=NINA)
        mine, theirs = Client(), Client()
        begun, stolen = location_of(begin(mine)), location_of(begin(theirs))
        code = parse_qs(urlsplit(stolen).query)["code"][0]
        state = parse_qs(urlsplit(begun).query)["state"][0]

        answer = mine.get(f"{CALLBACK}?{urlencode({'code': code, 'state': state})}")

        assert answer.status_code == 401

    def test_who_turns_back_there_is_told_so(self, cast: Cast, provider: OtherProvider) -> None:
        provider.set(person={"error": "access_denied"})
        client = Client()

        answer = come(client)

        assert answer["Location"] == "/account/3rdparty/login/cancelled/"
        assert "without signing in there" in client.get(answer["Location"]).text

    def test_a_provider_that_calls_itself_otherwise_is_not_trusted(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        provider.set(issuer="https://evil.example")

        assert Client().post(LOGIN).status_code == 503

    def test_another_providers_address_is_not_there(self, cast: Cast) -> None:
        assert Client().post("/account/oidc/google/login/").status_code == 404


class TestSecondFactors:
    def test_the_desks_own_is_asked_for_here_too(self, cast: Cast, provider: OtherProvider) -> None:
        totp.TOTP.activate(cast.rachel, totp.generate_totp_secret())
        provider.set(person=NINA | {"email": cast.rachel.email})
        client = Client()

        answer = come(client)

        assert answer["Location"] == "/account/2fa/authenticate/"
        assert client.get("/requests/").status_code == 302

    @pytest.mark.parametrize(
        ("told", "gets_in"),
        [
            ({}, False),
            ({"amr": ["pwd"]}, False),
            ({"amr": ["pwd", "mfa"]}, True),
            ({"acr": "silver"}, False),
            ({"acr": "gold"}, True),
        ],
        ids=str,
    )
    def test_staff_need_one_unless_the_provider_says_that_it_asked(
        self,
        cast: Cast,
        provider: OtherProvider,
        settings: Any,
        told: dict[str, Any],
        gets_in: bool,
    ) -> None:
        settings.STAFF_MFA = "required"
        provider.set(person=NINA | {"groups": ["agent"]} | told)
        client = Client()
        url = f"oidc+{provider.url}?client={CLIENT}&acr=gold"

        with identity.override(identity.build(url)):
            come(client)

        answer = client.get("/admin/tickets/ticket/")
        assert (answer.status_code == 200) is gets_in
        assert gets_in or "/account/second-factor/" in answer["Location"]

    def test_a_second_sign_in_counts_as_the_first(
        self, cast: Cast, provider: OtherProvider, settings: Any
    ) -> None:
        """As with two tabs: it ends the session that the first one made."""
        settings.STAFF_MFA = "required"
        provider.set(person=NINA | {"groups": ["agent"], "amr": ["mfa"]})
        client = Client()
        come(client)
        come(client)

        assert client.get("/admin/tickets/ticket/").status_code == 200

    def test_what_the_provider_said_of_one_is_not_said_of_the_next(
        self, cast: Cast, provider: OtherProvider, settings: Any
    ) -> None:
        settings.STAFF_MFA = "required"
        totp.TOTP.activate(cast.alice, totp.generate_totp_secret())
        provider.set(person=NINA | {"email": cast.alice.email, "groups": ["agent"], "amr": ["mfa"]})
        client = Client()
        come(client)  # stops at the second factor
        client.post("/account/logout/")
        EmailAddress.objects.create(user=cast.bob, email=cast.bob.email, verified=True)

        client.post("/account/login/", {"login": cast.bob.email, "password": PASSWORD})

        assert client.get("/requests/").status_code == 200
        assert client.get("/admin/").status_code == 302


class TestAfterSomeHours:
    """The provider is asked again: it may have closed somebody, or taken a group away."""

    @pytest.fixture
    def client(self, cast: Cast, provider: OtherProvider) -> Client:
        provider.set(person=NINA | {"groups": ["agent"]})
        client = Client()
        come(client)
        return client

    def later(self, client: Client, hours: float) -> None:
        """As if they had come so long ago."""
        session = client.session
        session[vouching.UNTIL] -= int(hours * 3600)
        session.save()

    def test_being_busy_makes_it_no_longer(self, client: Client) -> None:
        until = client.session[vouching.UNTIL]
        session = client.session
        session[SEEN] = 0
        session.save()

        assert client.get("/requests/").status_code == 200
        assert client.session[SEEN] != 0
        assert client.session[vouching.UNTIL] == until
        assert abs(until - time.time() - 12 * 3600) < 600

    def test_they_are_sent_there(self, client: Client) -> None:
        self.later(client, 12)

        led = client.get("/requests/?q=card")
        again = client.get("/requests/")

        assert led["Location"] == "/account/login/?next=%2Frequests%2F%3Fq%3Dcard"
        assert again.status_code == 302

    @pytest.mark.parametrize(("hours", "is_taken"), [(12.9, True), (13.1, False)])
    def test_what_they_were_writing_is_taken_for_an_hour(
        self, client: Client, hours: float, is_taken: bool
    ) -> None:
        self.later(client, hours)

        answer = client.post(
            "/new/other/", {"subject": "S", "text": "T", "submission": str(uuid.uuid4())}
        )

        assert answer["Location"].startswith("/requests/" if is_taken else "/account/login/")

    def test_a_part_of_a_page_becomes_a_visit_there(self, client: Client) -> None:
        self.later(client, 13)

        part = client.get("/admin/", headers={"HX-Request": "true"})

        assert (part.status_code, part["HX-Redirect"]) == (204, "/account/login/")

    def test_then_they_are_what_the_provider_says(
        self, client: Client, provider: OtherProvider
    ) -> None:
        provider.set(person=NINA | {"groups": []})
        self.later(client, 12)

        client.get("/requests/")
        come(client)

        assert not person("nina@new.example").is_staff

    def test_who_came_with_a_password_is_not_asked(self, cast: Cast) -> None:
        EmailAddress.objects.create(user=cast.bob, email=cast.bob.email, verified=True)
        client = Client()

        client.post("/account/login/", {"login": cast.bob.email, "password": PASSWORD})

        assert client.get("/requests/").status_code == 200
        assert vouching.UNTIL not in client.session


class TestLeaving:
    def test_the_providers_session_ends_as_well(
        self, cast: Cast, provider: OtherProvider, settings: Any
    ) -> None:
        settings.IDENTITY_SECRET, settings.SITE_URL = "s", "https://desk.example"
        pool = "cognito+http://127.0.0.1:9/eu-central-1_abc?client=c&pages=https://pages.example"
        provider.set(person=NINA)
        client = Client()
        come(client)

        left = client.post("/account/logout/")
        with identity.override(identity.build(pool)):
            page = client.get(left["Location"])

        assert left["Location"] == "/account/signed-out/"
        assert (
            "https://pages.example/logout?client_id=c&amp;logout_uri=https%3A%2F%2Fdesk.example%2F"
            in page.text
        )
        assert client.get("/requests/").status_code == 302

    def test_where_the_provider_says_that_it_ends(
        self, cast: Cast, provider: OtherProvider, settings: Any
    ) -> None:
        settings.SITE_URL = "https://desk.example"
        provider.set(person=NINA)
        client = Client()
        come(client)

        page = client.get(client.post("/account/logout/")["Location"])

        (to,) = re.findall(r'content="0; url=([^"]+)"', page.text)
        assert location_of(unescape(to)) == "https://desk.example/"

    def test_the_provider_is_asked_for_it_once_an_hour(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        """Anybody may open the page, and as often as they like."""
        provider.set(person=NINA)
        client = Client()
        come(client)
        client.post("/account/logout/")

        before = provider.asked("/openid-configuration")
        pages = [client.get("/account/signed-out/") for _ in range(5)]

        assert {page.status_code for page in pages} == {200}
        assert provider.asked("/openid-configuration") - before == 1

    def test_the_desks_ends_though_the_provider_is_away(
        self, cast: Cast, provider: OtherProvider
    ) -> None:
        provider.set(person=NINA)
        client = Client()
        come(client)
        provider.set(is_down=True)

        page = client.get(client.post("/account/logout/")["Location"])

        assert page["Location"] == "/"
        assert client.get("/requests/").status_code == 302

    def test_from_the_desk_too(self, cast: Cast, provider: OtherProvider) -> None:
        provider.set(person=NINA | {"groups": ["agent"]})
        client = Client()
        come(client)

        assert client.post("/admin/logout/")["Location"] == "/account/signed-out/"

    def test_who_came_with_a_password_stays_here(self, cast: Cast) -> None:
        EmailAddress.objects.create(user=cast.bob, email=cast.bob.email, verified=True)
        client = Client()
        client.post("/account/login/", {"login": cast.bob.email, "password": PASSWORD})

        assert client.post("/account/logout/")["Location"] == "/"


class TestWhileItIsAway:
    @pytest.fixture(autouse=True)
    def nobody_there(self, provider: OtherProvider) -> Iterator[None]:
        url = f"oidc+http://127.0.0.1:{free_port()}?client={CLIENT}"
        with identity.override(identity.build(url)):
            yield

    def test_the_sign_in_page_stays_up(self, cast: Cast) -> None:
        page = Client().get("/account/login/")

        assert page.status_code == 200
        assert "Sign in with single sign-on" in page.text

    def test_its_button_says_what_to_do(self, cast: Cast) -> None:
        answer = Client().post(LOGIN)

        assert answer.status_code == 503
        assert "Try again in a minute" in answer.text

    def test_passwords_and_sessions_go_on(self, cast: Cast) -> None:
        EmailAddress.objects.create(user=cast.rachel, email=cast.rachel.email, verified=True)
        client = Client()

        client.post("/account/login/", {"login": cast.rachel.email, "password": PASSWORD})

        assert client.get("/requests/").status_code == 200


def test_it_goes_away_in_the_middle(cast: Cast, provider: OtherProvider) -> None:
    provider.set(person=NINA)
    client = Client()
    back = location_of(begin(client))
    provider.set(is_down=True)

    answer = client.get(back)

    assert answer.status_code == 503
    assert "Try again in a minute" in answer.text


class TestLinkedAccounts:
    def test_are_shown_and_unlinked(self, cast: Cast, provider: OtherProvider) -> None:
        EmailAddress.objects.create(user=cast.rachel, email=cast.rachel.email, verified=True)
        provider.set(person=NINA | {"email": cast.rachel.email})
        come(Client())
        client = Client()
        client.post("/account/login/", {"login": cast.rachel.email, "password": PASSWORD})
        client.post("/account/reauthenticate/", {"password": PASSWORD})

        page = client.get("/account/3rdparty/")
        account = SocialAccount.objects.get()
        client.post(f"/account/3rdparty/{account.pk}/unlink/")

        assert "rachel@example.com" in page.text
        assert not SocialAccount.objects.exists()
        assert Event.objects.filter(name="access.denied", data__what="identity").count() == 1

    def test_the_only_way_in_stays(self, cast: Cast, provider: OtherProvider) -> None:
        provider.set(person=NINA)
        client = Client()
        come(client)

        client.post(f"/account/3rdparty/{SocialAccount.objects.get().pk}/unlink/")

        assert SocialAccount.objects.exists()

    def test_anothers_is_not_there(self, cast: Cast, provider: OtherProvider) -> None:
        theirs = SocialAccount.objects.create(user=cast.ross, provider="oidc", uid="x|1")
        client = Client()
        client.force_login(cast.rachel)

        client.post("/account/reauthenticate/", {"password": PASSWORD})

        assert client.post(f"/account/3rdparty/{theirs.pk}/unlink/").status_code == 404
        assert SocialAccount.objects.exists()

    def test_they_are_in_the_export(self, cast: Cast, provider: OtherProvider) -> None:
        provider.set(person=NINA)
        come(Client())
        nina = person("nina@new.example")

        told: dict[str, Any] = actions.export_person(user=nina, actor=SYSTEM, now=NOON)

        (account,) = told["linked accounts"]
        assert account["known there as"] == f"{provider.url}|nina-1"


class TestWithoutPasswordsOfItsOwn:
    @pytest.fixture(autouse=True)
    def alone(self, settings: Any) -> None:
        settings.LOCAL_ACCOUNTS = False

    def test_the_page_has_one_button(self, cast: Cast) -> None:
        page = Client().get("/account/login/").text

        assert "Sign in with single sign-on" in page
        assert 'type="password"' not in page
        assert "/account/signup/" not in page

    def test_passwords_are_refused(self, cast: Cast) -> None:
        EmailAddress.objects.create(user=cast.rachel, email=cast.rachel.email, verified=True)
        client = Client()

        answer = client.post("/account/login/", {"login": cast.rachel.email, "password": PASSWORD})

        assert answer.status_code == 200
        assert client.get("/requests/").status_code == 302

    def test_nobody_signs_up(self, cast: Cast) -> None:
        form = {"name": "Nina", "email": "nina@new.example", "password1": "a long enough one"}

        Client().post("/account/signup/", form)

        assert not User.objects.filter(email="nina@new.example").exists()

    def test_the_provider_lets_people_in(self, cast: Cast, provider: OtherProvider) -> None:
        provider.set(person=NINA)
        client = Client()

        come(client)

        assert client.get("/requests/").status_code == 200
