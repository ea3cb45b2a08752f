"""Mail speaks its recipient's language, whoever caused it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings as desk
from django.test import Client

from apps.accounts.models import User
from apps.notifications.models import OutgoingMail
from apps.ops.catalogues import compile_all
from apps.tickets import actions as tickets
from tests.cast import PASSWORD, Cast
from tests.notifications.post import hear, mails, text_of
from tests.tickets.desk import LATER, raised

pytestmark = pytest.mark.django_db


def test_about_a_ticket(cast: Cast, outbox: Path) -> None:
    compile_all(desk.LOCALE_PATHS[0])
    User.objects.filter(pk=cast.rachel.pk).update(locale="de")
    ticket = raised(cast)
    tickets.reply(ticket=ticket, text="Hier", actor=cast.actor(cast.alice), now=LATER)
    hear()

    sent = mails(outbox)["rachel@example.com"]

    assert "Guten Tag Rachel," in text_of(sent)
    assert "weil Sie diese Anfrage gestellt haben" in text_of(sent)
    assert '<html lang="de" dir="ltr">' in text_of(sent, "html")


def test_right_to_left(cast: Cast, outbox: Path) -> None:
    compile_all(desk.LOCALE_PATHS[0])
    User.objects.filter(pk=cast.rachel.pk).update(locale="ar")
    raised(cast)
    hear()

    assert '<html lang="ar" dir="rtl">' in text_of(mails(outbox)["rachel@example.com"], "html")


def test_about_the_account(cast: Cast) -> None:
    compile_all(desk.LOCALE_PATHS[0])
    User.objects.filter(pk=cast.rachel.pk).update(locale="de")

    Client().post("/account/password/reset/", {"email": "rachel@example.com"})

    assert OutgoingMail.objects.get().subject == "Ein neues Passwort für Tendril"


def test_its_owner_hears_that_the_password_was_changed(cast: Cast) -> None:
    client = Client(HTTP_USER_AGENT="Mozilla/5.0 (Windows) Firefox/130")
    client.force_login(cast.rachel)
    new = "another horse battery"

    client.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )

    mail = OutgoingMail.objects.get(to="rachel@example.com")
    assert "with Firefox on Windows" in mail.text
    assert "It can't be switched off" in mail.html.replace("&#x27;", "'")
