"""Endpoints: who may keep them, what they may be, and what is recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from apps.accounts.models import User
from apps.events.models import Event
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError
from apps.webhooks import actions
from apps.webhooks.errors import SecretIsNewError, WebhookIsOffError, WebhookRefusedError
from apps.webhooks.models import Endpoint, WebhookDelivery
from tests.cast import Cast
from tests.support import NOON
from tests.webhooks.hooks import endpoint

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.com/desk"
EVERYBODY = {"whose": "everybody", "sure": "on"}


def told() -> list[str]:
    rows = Event.objects.filter(name__startswith="webhook.").order_by("id")
    return list(rows.values_list("name", flat=True))


def test_every_verb_is_recorded(cast: Cast) -> None:
    ada = cast.actor(cast.ada)
    row = endpoint(cast, URL)
    same = {"url": URL, "internal": False, "organisation": None}
    actions.save_endpoint(
        endpoint=row, name="ERP", facts=row.facts, actor=ada, now=NOON, **same  # type: ignore[arg-type]
    )  # fmt: skip
    actions.save_endpoint(
        endpoint=row, name="ERP", facts=row.facts, actor=ada, now=NOON, **same  # type: ignore[arg-type]
    )  # fmt: skip
    actions.rotate_secret(endpoint=row, actor=ada, now=NOON)
    actions.pause(endpoint=row, actor=ada, now=NOON)
    actions.resume(endpoint=row, actor=ada, now=NOON)

    names = ["registered", "changed", "secret_rotated", "paused", "resumed"]
    assert told() == [f"webhook.{name}" for name in names]
    assert Event.objects.get(name="webhook.changed").data["changed"] == ["name"]
    secrets = {actions.current_secret(row), actions.current_secret(Endpoint.objects.get())}
    assert not any(secret in str(event.data) for secret in secrets for event in Event.objects.all())


@pytest.mark.parametrize("who", ["rachel", "alice", "lena"])
@pytest.mark.parametrize(
    "verb",
    [
        lambda row, actor: actions.save_endpoint(
            endpoint=row, name="x", url=URL, facts=row.facts, internal=False, organisation=None,
            actor=actor, now=NOON,
        ),
        lambda row, actor: actions.rotate_secret(endpoint=row, actor=actor, now=NOON),
        lambda row, actor: actions.pause(endpoint=row, actor=actor, now=NOON),
        lambda row, actor: actions.resume(endpoint=row, actor=actor, now=NOON),
        lambda row, actor: actions.ping(endpoint=row, actor=actor, now=NOON),
        lambda row, actor: actions.send_again(delivery_ids=[1], actor=actor, now=NOON),
    ],
)  # fmt: skip
def test_others_than_administrators_may_do_nothing(
    cast: Cast, who: str, verb: Callable[[Endpoint, Actor], Any]
) -> None:
    row = endpoint(cast, URL)
    person: User = getattr(cast, who)

    with pytest.raises(ForbiddenError):
        verb(row, cast.actor(person))


@pytest.mark.parametrize(
    "said",
    [
        {"url": "http://hooks.example.com/"},
        {"url": "https://me@hooks.example.com/"},
        {"facts": ()},
        {"facts": ("ticket.raised", "person.changed")},  # an internal one
        {"facts": ("ticket.exploded",), "internal": True},
    ],
)
def test_what_it_may_not_be_is_refused(cast: Cast, said: dict[str, Any]) -> None:
    with pytest.raises(WebhookRefusedError):
        endpoint(cast, said.pop("url", URL), **said)


def test_what_is_internal_is_for_no_organisation(cast: Cast) -> None:
    with pytest.raises(WebhookRefusedError):
        endpoint(cast, URL, internal=True, organisation=cast.acme)
    row = endpoint(cast, URL, internal=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Endpoint.objects.filter(pk=row.pk).update(organisation=cast.acme)


def test_while_a_secret_is_rotated_both_are_good(cast: Cast) -> None:
    row = endpoint(cast, URL)
    old = actions.current_secret(row)

    row, new = actions.rotate_secret(endpoint=row, actor=cast.actor(cast.ada), now=NOON)

    assert actions.secrets_of(row, now=NOON) == [new, old]
    with pytest.raises(SecretIsNewError):  # the old one is promised for a day
        actions.rotate_secret(endpoint=row, actor=cast.actor(cast.ada), now=NOON)
    later = NOON + actions.OVERLAP
    assert actions.secrets_of(row, now=later) == [new]
    _row, newest = actions.rotate_secret(endpoint=row, actor=cast.actor(cast.ada), now=later)
    assert newest not in {old, new}


def test_while_the_desks_key_is_changed_the_old_secret_is_good(cast: Cast, settings: Any) -> None:
    row = endpoint(cast, URL)
    old = actions.current_secret(row)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"

    assert old in actions.secrets_of(row, now=NOON)
    assert actions.current_secret(row) != old


def test_one_that_is_off_takes_no_ping(cast: Cast) -> None:
    ada, row = cast.actor(cast.ada), endpoint(cast, URL)
    actions.pause(endpoint=row, actor=ada, now=NOON)

    for verb in (actions.ping, actions.pause):
        with pytest.raises(WebhookIsOffError):
            verb(endpoint=row, actor=ada, now=NOON)


class TestPages:
    @pytest.fixture
    def client(self, cast: Cast) -> Client:
        client = Client()
        client.force_login(cast.ada)
        return client

    def test_show_the_secret_once(self, client: Client) -> None:
        form = {"name": "CRM", "url": URL, "facts": ["ticket.raised"], **EVERYBODY}

        made = client.post("/admin/webhooks/endpoint/add/", form, follow=True)

        secret = actions.current_secret(Endpoint.objects.get())
        assert secret in made.content.decode()
        page = client.get(f"/admin/webhooks/endpoint/{Endpoint.objects.get().pk}/change/")
        assert secret not in page.content.decode()
        assert 'value="ticket.raised"' in page.content.decode()

    def test_say_of_each_fact_what_it_means(self, client: Client, cast: Cast) -> None:
        for language, words in (
            ("en", "There is a new ticket."),
            ("de", "Es gibt ein neues Ticket."),
        ):
            User.objects.filter(pk=cast.ada.pk).update(locale=language)

            page = client.get("/admin/webhooks/endpoint/add/").content.decode()

            assert f"<code>ticket.raised</code> {words}" in page

    def test_say_how_it_does(self, client: Client, cast: Cast) -> None:
        row = endpoint(cast, URL)
        path = f"/admin/webhooks/endpoint/{row.pk}/change/"
        assert "Failures in a row" not in client.get(path).content.decode()

        Endpoint.objects.update(failures=3, failing_since=NOON)

        page = client.get(path).content.decode()
        assert "Failures in a row" in page
        assert f"/admin/webhooks/webhookdelivery/?endpoint__id__exact={row.pk}" in page

    def test_change_it(self, client: Client, cast: Cast) -> None:
        row = endpoint(cast, URL)
        form = {"name": "ERP", "url": URL, "facts": ["ticket.closed"], "whose": "ours",
                "sure": "on", "internal_facts": ["person.changed"]}  # fmt: skip

        client.post(f"/admin/webhooks/endpoint/{row.pk}/change/", form)

        row.refresh_from_db()
        assert (row.name, row.internal) == ("ERP", True)
        assert row.facts == ["person.changed", "ticket.closed"]

    def test_are_for_one_organisation(self, client: Client, cast: Cast) -> None:
        form = {"name": "CRM", "url": URL, "facts": ["ticket.raised"], "whose": "one",
                "organisation": cast.acme.pk}  # fmt: skip

        client.post("/admin/webhooks/endpoint/add/", form)

        row = Endpoint.objects.get()
        assert (row.organisation, row.internal) == (cast.acme, False)
        assert "Acme" in client.get("/admin/webhooks/endpoint/").text

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ({}, "This field is required."),
            ({"whose": "one"}, "Choose the organisation."),
            ({"whose": "everybody"}, "Say that this is what you want."),
            ({"whose": "ours"}, "Say that this is what you want."),
            ({"whose": "everybody", "sure": "on", "organisation": 1}, "more than one organisation"),
            ({"whose": "nobody", "sure": "on"}, "Select a valid choice"),
        ],
    )
    def test_never_mean_all_customers_by_a_blank(
        self, client: Client, cast: Cast, said: dict[str, Any], told: str
    ) -> None:
        form = {"name": "CRM", "url": URL, "facts": ["ticket.raised"], **said}
        if "organisation" in form:
            form["organisation"] = cast.acme.pk

        answer = client.post("/admin/webhooks/endpoint/add/", form)

        assert told in answer.text
        assert not Endpoint.objects.exists()

    def test_ask_again_only_where_more_is_told_than_before(
        self, client: Client, cast: Cast
    ) -> None:
        all_customers, one = endpoint(cast, URL), endpoint(cast, URL, organisation=cast.acme)
        form = {"name": "ERP", "url": URL, "facts": ["ticket.raised"], "whose": "everybody"}

        for row in (all_customers, one):
            client.post(f"/admin/webhooks/endpoint/{row.pk}/change/", form)

        for row in (all_customers, one):
            row.refresh_from_db()
        assert (all_customers.name, one.name, one.organisation) == ("ERP", "CRM", cast.acme)
        assert "all customers" in client.get("/admin/webhooks/endpoint/").text

    def test_say_what_is_wrong_with_it(self, client: Client) -> None:
        form = {"name": "CRM", "url": "http://10.0.0.1/", "facts": ["ticket.raised"], **EVERYBODY}

        answer = client.post("/admin/webhooks/endpoint/add/", form, follow=True)

        assert "begins with https://" in answer.content.decode()
        assert not Endpoint.objects.exists()

    @pytest.mark.parametrize("button", ["ping", "rotate", "switch"])
    def test_have_buttons_that_ask_first(self, client: Client, cast: Cast, button: str) -> None:
        row = endpoint(cast, URL)
        path = f"/admin/webhooks/endpoint/{row.pk}/{button}/"
        before = Event.objects.count(), WebhookDelivery.objects.count()

        assert client.get(path).status_code == 200
        assert client.post(path).status_code == 200
        assert (Event.objects.count(), WebhookDelivery.objects.count()) == before
        assert client.post(path, {"sure": "on"}).status_code == 302
        assert (Event.objects.count(), WebhookDelivery.objects.count()) != before

    def test_send_again(self, client: Client, cast: Cast) -> None:
        row = endpoint(cast, URL)
        delivery = actions.ping(endpoint=row, actor=cast.actor(cast.ada), now=NOON)
        WebhookDelivery.objects.update(state="failed", done_at=NOON, error="x")

        log = "/admin/webhooks/webhookdelivery/"
        client.post(log, {"action": "send_again", "_selected_action": [delivery.pk]})

        delivery.refresh_from_db()
        assert (delivery.state, delivery.done_at) == ("waiting", None)
        assert delivery.since > NOON + timedelta(days=1)
        assert client.get(f"{log}{delivery.pk}/change/").status_code == 200
