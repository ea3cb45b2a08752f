"""What strangers may try how often, with allauth's own limits off: the desk's must do alone.

Twenty at once: a count that is read before it is written lets all of them through.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from allauth.account.forms import ConfirmEmailVerificationCodeForm
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts import forms, throttle
from apps.accounts.models import Throttle, User
from apps.notifications.adapter import MAILS_PER_ADDRESS, PER_ADDRESS, PER_CLIENT, WINDOW
from apps.notifications.models import OutgoingMail
from tests.accounts.test_sign_in import SIGN_UP, newest_code
from tests.cast import PASSWORD, make_cast
from tests.support import transactional

pytestmark = transactional

AT_ONCE = 20


@pytest.fixture(autouse=True)
def without_allauths_limits(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.MFA_RATE_LIMITS = False


def test_what_was_no_guess_is_given_back(db: None) -> None:
    now = timezone.now()

    for _ in range(PER_CLIENT + 5):
        assert throttle.consume("login-client", "x", limit=PER_CLIENT, window=WINDOW, now=now)
        throttle.give_back("login-client", "x")

    assert Throttle.objects.get().count == 0


def test_the_first_attempts_of_two_requests_at_once_both_count(db: None) -> None:
    """The other request's row appears between our first look and our second."""
    now = timezone.now()

    def attempt() -> bool:
        return throttle.consume("upload", "x", limit=5, window=WINDOW, now=now)

    def look(execute: Any, *given: Any) -> Any:
        seen = execute(*given)
        if not others:
            others.append(True)
            others[0] = attempt()
        return seen

    others: list[bool] = []
    with connection.execute_wrapper(look):
        ours = attempt()

    assert (ours, others) == (True, [True])
    assert Throttle.objects.get().count == 2


def storm(attempt: Callable[[int], Any]) -> list[Any]:
    """What twenty attempts at once are answered."""
    answers: list[Any] = [None] * AT_ONCE
    ready = threading.Barrier(AT_ONCE)

    def run(place: int) -> None:
        try:
            ready.wait()
            answers[place] = attempt(place)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@contextmanager
def counted(owner: type, name: str) -> Iterator[list[int]]:
    """Calls of a real method, while it goes on working."""
    calls: list[int] = []
    real = getattr(owner, name)

    def wrapped(self: Any, *given: Any) -> Any:
        calls.append(1)
        return real(self, *given)

    with patch.object(owner, name, wrapped):
        yield calls


def used_up(scope: str, key: str, *, limit: int, left: int) -> None:
    for _ in range(limit - left):
        assert throttle.consume(scope, key, limit=limit, window=WINDOW, now=timezone.now())


def log_in(email: str, password: str, client: Client | None = None) -> Any:
    said = {"login": email, "password": password}
    return (client or Client()).post("/account/login/", said)


def verified(user: User) -> User:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def session_of(client: Client) -> Client:
    """Another tab of the same browser."""
    other = Client()
    other.cookies = client.cookies
    return other


@pytest.mark.parametrize("email", ["rachel@example.com", "nobody@example.com"])
def test_passwords_of_one_address(email: str) -> None:
    verified(make_cast().rachel)

    with counted(PBKDF2PasswordHasher, "encode") as hashed:
        storm(lambda _: log_in(email.upper(), "a wrong password"))

    assert len(hashed) <= PER_ADDRESS


def test_passwords_from_one_client() -> None:
    make_cast()
    used_up("login-client", "127.0.0.1", limit=PER_CLIENT, left=3)

    with counted(PBKDF2PasswordHasher, "encode") as hashed:
        storm(lambda place: log_in(f"x{place}@example.com", "a wrong password"))

    assert len(hashed) == 3


def test_a_new_password_by_mail_ends_the_wait() -> None:
    verified(make_cast().rachel)
    for _ in range(PER_ADDRESS + 1):
        log_in("rachel@example.com", "a wrong password")
    client = Client()
    client.post("/account/password/reset/", {"email": "rachel@example.com"})
    text = OutgoingMail.objects.get(to="rachel@example.com").text
    link = next(word for word in text.split() if "/reset/key/" in word)
    new = "another long one"

    before = log_in("rachel@example.com", PASSWORD).status_code
    path = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(path, {"password1": new, "password2": new})

    assert before == 200
    assert log_in("rachel@example.com", new).status_code == 302


def test_a_right_password_starts_the_count_anew() -> None:
    verified(make_cast().rachel)

    for _ in range(2):
        for _ in range(PER_ADDRESS - 1):
            log_in("rachel@example.com", "a wrong password")
        assert log_in("rachel@example.com", PASSWORD).status_code == 302


@pytest.mark.parametrize("path", ["/account/signup/", "/account/password/reset/"])
def test_mails_that_one_client_makes_us_send(path: str) -> None:
    make_cast()
    used_up("mail-client", "127.0.0.1", limit=PER_CLIENT, left=3)

    answers = storm(lambda n: Client().post(path, SIGN_UP | {"email": f"x{n}@new.example"}))

    assert sorted(answer.status_code for answer in answers) == [302] * 3 + [429] * 17
    assert OutgoingMail.objects.count() == 3
    assert User.objects.filter(email__endswith="@new.example").count() in {0, 3}


@pytest.mark.parametrize("path", ["/account/signup/", "/account/password/reset/"])
@pytest.mark.parametrize("email", ["rachel@example.com", "nobody@example.com"])
def test_mails_that_one_address_gets(path: str, email: str) -> None:
    verified(make_cast().rachel)
    used_up("mail-address", email, limit=MAILS_PER_ADDRESS, left=2)

    answers = [Client().post(path, SIGN_UP | {"email": email.upper()}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert OutgoingMail.objects.filter(to=email).count() == 2


def test_an_administrator_who_invites_many_is_not_a_stranger() -> None:
    client = Client()
    client.force_login(make_cast().ada)
    used_up("mail-client", "127.0.0.1", limit=PER_CLIENT, left=0)

    said = {"email": "new@example.com", "name": "N", "role": "agent", "is_active": "on"}
    client.post("/admin/accounts/user/add/", said | {"locale": "en", "time_zone": "UTC"})

    assert OutgoingMail.objects.filter(to="new@example.com").exists()


class TestCodes:
    def test_guesses_of_the_one_in_a_mail(self) -> None:
        make_cast()
        client = Client()
        client.post("/account/signup/", SIGN_UP)
        right = newest_code()

        with counted(ConfirmEmailVerificationCodeForm, "clean_code") as looked:
            storm(
                lambda n: session_of(client).post(
                    "/account/confirm-email/", {"code": f"AAAA-{n:04}"}
                )
            )
        client.post("/account/confirm-email/", {"code": right})

        assert len(looked) <= forms.CODES
        assert not EmailAddress.objects.filter(verified=True).exists()

    def test_guesses_of_the_one_in_an_app(self) -> None:
        alice = verified(make_cast().alice)
        secret = totp.generate_totp_secret()
        totp.TOTP.activate(alice, secret)
        client = Client()
        log_in(alice.email, PASSWORD, client)
        path = "/account/2fa/authenticate/"

        with counted(totp.TOTP, "validate_code") as looked:
            storm(lambda n: session_of(client).post(path, {"code": f"{n:06}"}))
        counter = next(iter(totp.yield_hotp_counters_from_time()))
        code = totp.format_hotp_value(totp.hotp_value(secret, counter))
        late = client.post(path, {"code": code})
        Throttle.objects.all().delete()
        in_time = client.post(path, {"code": code})

        assert len(looked) <= forms.CODES
        assert (late.status_code, in_time.status_code) == (429, 302)
        assert not Throttle.objects.exists()
