"""The mails of sign-in, the way in of who was invited, setting up an app, and what answers tell."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings as desk
from django.test import Client

from apps.accounts import actions
from apps.accounts.models import OrganisationDomain, User
from apps.accounts.permissions import Role
from apps.kernel.actors import SYSTEM
from apps.notifications.models import OutgoingMail
from tests.accounts.test_sign_in import SIGN_UP, log_in, newest_code, verified
from tests.cast import PASSWORD, Cast
from tests.support import NOON

pytestmark = pytest.mark.django_db

NEW = "another long one"
_ONCE = re.compile(rb'csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"|[\w.]+@[\w.]+')


def link_in(text: str) -> str:
    return next(word for word in text.split() if "/reset/key/" in word)


def choose(client: Client, link: str, password: str) -> Any:
    page = client.get(link, follow=True)
    data = {"password1": password, "password2": password}
    return client.post(page.redirect_chain[-1][0], data)


def invited(cast: Cast, email: str = "new@example.com") -> OutgoingMail:
    client = Client()
    client.force_login(cast.ada)
    said = {"email": email, "name": "New", "role": "requester", "is_active": "on"}
    client.post("/admin/accounts/user/add/", said | {"locale": "en", "time_zone": "UTC"})
    return OutgoingMail.objects.get(to=email)


class TestMails:
    def _sent(self, cast: Cast, what: str) -> OutgoingMail:
        verified(cast.rachel)
        match what:
            case "code":
                Client().post("/account/signup/", SIGN_UP)
            case "known":
                Client().post("/account/signup/", SIGN_UP | {"email": "Rachel@example.com"})
            case "reset":
                Client().post("/account/password/reset/", {"email": "rachel@example.com"})
            case "unknown":
                Client().post("/account/password/reset/", {"email": "nobody@example.com"})
            case _:
                invited(cast)
        return OutgoingMail.objects.get()

    @pytest.mark.parametrize(
        ("what", "subject", "says"),
        [
            ("code", "Your code for Tendril", "proves that the address is yours"),
            ("known", "You are at Tendril already", "sign up with rachel@example.com"),
            ("reset", "A new password for Tendril", "the old one stays"),
            ("unknown", "No account at Tendril for this address", "nobody@example.com"),
            ("invited", "Welcome to Tendril", "You have a place at Tendril"),
        ],
    )
    def test_say_it_in_text_and_in_html(
        self, cast: Cast, what: str, subject: str, says: str
    ) -> None:
        sent = self._sent(cast, what)

        links = set(re.findall(r"https?://[^\s\"<]+", sent.text))
        assert sent.subject == subject
        assert says in sent.text
        assert says in sent.html
        assert links == set(re.findall(r'href="([^"]+)"', sent.html))
        assert "max-width:600px" in sent.html
        assert "{" not in sent.text
        assert not re.search(r"{[{%]", sent.html)
        assert sent.headers == {"Auto-Submitted": "auto-generated"}

    def test_the_code_is_in_both_parts(self, cast: Cast) -> None:
        sent = self._sent(cast, "code")

        assert newest_code() in sent.html

    def test_carry_no_words_of_whoever_typed_the_address(self, cast: Cast) -> None:
        name = "http://evil.example/win now"
        Client().post("/account/signup/", SIGN_UP | {"name": name})
        User.objects.filter(email="nina@new.example").update(name=name)
        Client().post("/account/password/reset/", {"email": "nina@new.example"})

        told = [(mail.subject, mail.text, mail.html) for mail in OutgoingMail.objects.all()]
        assert len(told) == 2
        assert "evil" not in str(told)

    def test_one_without_a_page_of_ours_is_framed(self, cast: Cast, settings: Any) -> None:
        settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
        verified(cast.rachel)
        Client().post("/account/password/reset/", {"email": "rachel@example.com"})
        choose(Client(), link_in(OutgoingMail.objects.get().text), NEW)

        sent = OutgoingMail.objects.order_by("-pk")[0]
        assert "Your password has been reset." in sent.text
        assert "Your password has been reset." in sent.html
        assert "max-width:600px" in sent.html
        assert desk.DESK_NAME in sent.html


class TestAnInvited:
    def test_chooses_a_password_proves_the_address_and_is_in(self, cast: Cast) -> None:
        sent, client = invited(cast), Client()

        choose(client, link_in(sent.text), NEW)
        log_in(client, "new@example.com", NEW)
        before = client.get("/requests/").status_code
        client.post("/account/confirm-email/", {"code": newest_code()})

        assert before == 302
        assert client.get("/requests/").status_code == 200

    def test_link_works_once(self, cast: Cast) -> None:
        link = link_in(invited(cast).text)
        choose(Client(), link, NEW)

        again = Client().get(link, follow=True)

        assert b"password1" not in again.content
        assert log_in(Client(), "new@example.com", "no").status_code == 200


class TestJoining:
    def test_waits_for_the_proof(self, cast: Cast) -> None:
        OrganisationDomain.objects.create(organisation=cast.acme, domain="new.example")
        client = Client()

        client.post("/account/signup/", SIGN_UP)
        before = User.objects.get(email="nina@new.example").organisation
        client.post("/account/confirm-email/", {"code": "AAAA-AAAA"})
        still = User.objects.get(email="nina@new.example").organisation

        assert (before, still) == (None, None)


class TestAnApp:
    def test_is_set_up_by_its_first_code(self, cast: Cast) -> None:
        verified(cast.alice)
        client, path = Client(), "/account/2fa/totp/activate/"
        log_in(client, "alice@example.com")
        asked = client.get(path)
        client.post(asked["Location"], {"password": PASSWORD})
        secret = client.get(path).context["form"].secret

        wrong = client.post(path, {"code": "000000"})
        counter = next(iter(totp.yield_hotp_counters_from_time()))
        code = totp.format_hotp_value(totp.hotp_value(secret, counter))
        client.post(path, {"code": code})

        assert wrong.status_code == 200
        kinds = set(Authenticator.objects.filter(user=cast.alice).values_list("type", flat=True))
        assert kinds == {"totp", "recovery_codes"}
        later = Client()
        log_in(later, "alice@example.com")
        assert later.get("/requests/").status_code == 302


class TestAnswers:
    """Whoever has no password here, or may not sign in, looks like nobody."""

    @pytest.fixture
    def standing(self, cast: Cast) -> dict[str, str]:
        ada = cast.actor(cast.ada)
        verified(cast.rachel)
        verified(cast.ross)
        actions.set_active(user=cast.ross, active=False, actor=ada, now=NOON)
        new = actions.invite(
            email="new@example.com", name="New", role=Role.AGENT, actor=ada, now=NOON
        )
        gone = actions.anonymise_person(user=cast.oscar, actor=SYSTEM, now=NOON)
        return {
            "known": cast.rachel.email,
            "invited": new.email,
            "barred": cast.ross.email,
            "gone": gone.email,
            "unknown": "nobody@example.com",
        }

    @pytest.mark.parametrize(
        ("path", "field"), [("/account/login/", "login"), ("/account/password/reset/", "email")]
    )
    def test_are_the_same_for_all(self, standing: dict[str, str], path: str, field: str) -> None:
        told = {}
        for who, email in standing.items():
            client = Client()
            answer = client.post(path, {field: email, "password": "a wrong password"})
            page = client.get(answer["Location"]) if answer.status_code == 302 else answer
            body = _ONCE.sub(b"", page.content)
            told[who] = (answer.status_code, answer.get("Location"), body)

        assert all(answer == told["unknown"] for answer in told.values())

    def test_to_a_code_tell_no_more_than_those_to_a_sign_up(self, standing: dict[str, str]) -> None:
        told = {}
        for who in ("known", "unknown"):
            client = Client()
            client.post("/account/signup/", SIGN_UP | {"email": standing[who]})
            answers = [
                client.post("/account/confirm-email/", {"code": "AAAA-AAAA"}) for _ in range(4)
            ]
            told[who] = [
                (answer.status_code, answer.get("Location"), _ONCE.sub(b"", answer.content))
                for answer in answers
            ]

        assert told["known"] == told["unknown"]
        assert not EmailAddress.objects.filter(email=standing["unknown"], verified=True).exists()

    def test_somebody_barred_is_not_let_in_by_their_old_password(
        self, standing: dict[str, str]
    ) -> None:
        client = Client()

        log_in(client, standing["barred"])

        assert client.get("/requests/").status_code == 302
