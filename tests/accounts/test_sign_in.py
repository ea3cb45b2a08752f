"""Sign-up, verification, reset, second factors; and what strangers can't learn or force."""

from __future__ import annotations

import re
import threading
from typing import Any
from unittest.mock import patch

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from django.test import Client

from apps.accounts.models import OrganisationDomain, User
from apps.notifications.adapter import PER_ADDRESS
from apps.notifications.models import OutgoingMail
from tests.cast import PASSWORD, Cast, make_cast
from tests.support import transactional

_ONCE = re.compile(
    rb'csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"|value="[^"]*@[^"]*"|[\w.]+@[\w.]+'
)
SIGN_UP = {"name": "Nina", "email": "Nina@New.example", "password1": "a long enough password"}


def verified(user: User) -> None:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def log_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post("/account/login/", {"login": email, "password": password})


def newest_code() -> str:
    text = OutgoingMail.objects.order_by("-id")[0].text
    found = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", text, re.MULTILINE)
    assert found, text
    return found[0]


@pytest.mark.django_db
class TestSigningUp:
    def test_a_code_by_mail_proves_the_address_and_joins_the_organisation(self, cast: Cast) -> None:
        OrganisationDomain.objects.create(organisation=cast.acme, domain="new.example")
        client = Client()

        client.post("/account/signup/", SIGN_UP)
        before = client.get("/requests/")
        answer = client.post("/account/confirm-email/", {"code": newest_code()})

        user = User.objects.get(email="nina@new.example")
        assert before.status_code == 302
        assert answer.status_code == 302
        assert client.get("/requests/").status_code == 200
        assert (user.name, user.organisation, user.is_staff) == ("Nina", cast.acme, False)
        assert [group.name for group in user.groups.all()] == ["requester"]

    def test_a_wrong_code_proves_nothing_and_not_for_ever(self, cast: Cast) -> None:
        client = Client()
        client.post("/account/signup/", SIGN_UP)
        right = newest_code()

        for _ in range(20):
            client.post("/account/confirm-email/", {"code": "AAAA-AAAA"})
        client.post("/account/confirm-email/", {"code": right})

        assert client.get("/requests/").status_code == 302
        assert not EmailAddress.objects.filter(email="nina@new.example", verified=True).exists()

    @pytest.mark.parametrize("password", ["short", "nina@new.example", "password123", "1234567890"])
    def test_a_weak_password_is_refused(self, cast: Cast, password: str) -> None:
        answer = Client().post("/account/signup/", SIGN_UP | {"password1": password})

        assert answer.status_code == 200
        assert not User.objects.filter(email="nina@new.example").exists()


@pytest.mark.django_db
class TestForgetting:
    def test_a_link_by_mail_sets_a_new_password(self, cast: Cast) -> None:
        verified(cast.rachel)
        client = Client()

        client.post("/account/password/reset/", {"email": "rachel@example.com"})
        text = OutgoingMail.objects.get(to="rachel@example.com").text
        link = next(word for word in text.split() if "/reset/key/" in word)
        page = client.get(link, follow=True)
        new = "another long one"
        client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})

        assert log_in(Client(), "rachel@example.com", "another long one").status_code == 302
        assert log_in(Client(), "rachel@example.com").status_code == 200


@pytest.mark.django_db
class TestSecondFactors:
    def _protected(self, user: User) -> str:
        verified(user)
        secret: str = totp.generate_totp_secret()
        totp.TOTP.activate(user, secret)
        RecoveryCodes.activate(user)
        return secret

    def test_a_password_alone_is_not_enough(self, cast: Cast) -> None:
        secret, client = self._protected(cast.alice), Client()

        log_in(client, "alice@example.com")
        before = client.get("/admin/tickets/ticket/")
        counter = next(iter(totp.yield_hotp_counters_from_time()))
        code = totp.format_hotp_value(totp.hotp_value(secret, counter))
        client.post("/account/2fa/authenticate/", {"code": code})

        assert before.status_code == 302
        assert client.get("/admin/tickets/ticket/").status_code == 200

    def test_a_recovery_code_works_once(self, cast: Cast) -> None:
        self._protected(cast.alice)
        row = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
        code = RecoveryCodes(row).get_unused_codes()[0]

        entered = []
        for _ in range(2):
            client = Client()
            log_in(client, "alice@example.com")
            client.post("/account/2fa/authenticate/", {"code": code})
            entered.append(client.get("/admin/tickets/ticket/").status_code)

        assert entered == [200, 302]

    def test_guessing_codes_is_limited(self, cast: Cast) -> None:
        self._protected(cast.alice)
        client, answers = Client(), []
        log_in(client, "alice@example.com")

        for n in range(12):
            answer = client.post("/account/2fa/authenticate/", {"code": f"{n:06}"})
            answers.append(b"Too many" in answer.content)

        assert answers[0] is False
        assert answers[-1] is True

    @pytest.mark.parametrize("path", ["/account/2fa/totp/activate/", "/account/2fa/webauthn/add/"])
    def test_the_pages_that_set_them_up(self, cast: Cast, path: str) -> None:
        verified(cast.alice)
        client = Client()
        log_in(client, "alice@example.com")

        asked = client.get(path)
        client.post(asked["Location"], {"password": PASSWORD})

        assert asked["Location"].startswith("/account/reauthenticate/")
        assert client.get(path).status_code == 200


class TestStrangers:
    """Known and unknown addresses: the same answer for the same work."""

    @pytest.mark.django_db
    @pytest.mark.parametrize("what", ["login", "reset", "signup"])
    def test_learn_nothing_from_answers_or_work(self, cast: Cast, what: str) -> None:
        verified(cast.rachel)
        told, worked = [], []

        for email in ("rachel@example.com", "nobody@example.com"):
            client = Client()
            hashed: list[int] = []
            real = PBKDF2PasswordHasher.encode

            def counted(hasher: Any, *given: Any, real: Any = real, hashed: Any = hashed) -> str:
                hashed.append(1)
                return str(real(hasher, *given))

            with patch.object(PBKDF2PasswordHasher, "encode", counted):
                answer = _try(client, what, email)
            page = client.get(answer["Location"]) if answer.status_code == 302 else answer
            told.append((answer.status_code, answer.get("Location"), _ONCE.sub(b"", page.content)))
            worked.append(len(hashed))

        assert told[0] == told[1]
        assert worked[0] == worked[1]

    def _storm(self, cast: Cast, email: str) -> int:
        """How many of twenty attempts at once reached the password's hash."""
        reached, ready = [], threading.Barrier(20)
        real = PBKDF2PasswordHasher.verify

        def counted(hasher: Any, *given: Any) -> bool:
            reached.append(1)
            return bool(real(hasher, *given))

        def attempt() -> None:
            ready.wait()
            try:
                log_in(Client(), email, "a wrong password")
            finally:
                connection.close()

        with patch.object(PBKDF2PasswordHasher, "verify", counted):
            threads = [threading.Thread(target=attempt) for _ in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return len(reached)

    @transactional
    def test_guess_no_faster_in_parallel(self) -> None:
        cast = make_cast()
        verified(cast.rachel)

        assert self._storm(cast, "rachel@example.com") <= PER_ADDRESS
        assert log_in(Client(), "rachel@example.com").status_code == 200  # even with the right one


def _try(client: Client, what: str, email: str) -> Any:
    match what:
        case "login":
            return log_in(client, email, "a wrong password")
        case "reset":
            return client.post("/account/password/reset/", {"email": email})
        case _:
            return client.post("/account/signup/", SIGN_UP | {"email": email})
