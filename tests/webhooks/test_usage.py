"""Who used which contract lately: counted as it is taken, kept longer than the deliveries."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from apps.accounts.actions.tokens import authenticate_token, issue_token
from apps.accounts.permissions import Scope
from apps.webhooks import actions, tasks
from apps.webhooks.models import ContractUse, WebhookDelivery
from apps.webhooks.usage import used_since
from tests.cast import Cast
from tests.tickets.desk import raised
from tests.webhooks.hooks import endpoint, hear, send
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db
TODAY = datetime.now(UTC).date()


def test_what_was_taken_is_counted_by_day_and_version(cast: Cast, server: Receiver) -> None:
    endpoint(cast, server.url)
    for _ in range(3):
        raised(cast)

    hear()
    send()

    (use,) = [each for each in used_since(TODAY) if each.contract == "fact ticket.raised v1"]
    assert use.consumer.startswith("webhook CRM (")
    assert (use.times, use.last) == (3, TODAY)


def test_what_was_refused_is_not(cast: Cast, server: Receiver) -> None:
    server.then = 500
    endpoint(cast, server.url)
    raised(cast)

    hear()
    send()

    assert ContractUse.objects.count() == 0


def test_a_ping_is_no_use(cast: Cast, server: Receiver) -> None:
    made = endpoint(cast, server.url)
    actions.ping(endpoint=made, actor=cast.actor(cast.ada), now=datetime.now(UTC))

    send()

    assert WebhookDelivery.objects.get().state == "sent"
    assert used_since(TODAY) == []


def test_it_outlives_the_deliveries_and_is_forgotten_in_the_end(
    cast: Cast, server: Receiver
) -> None:
    made = endpoint(cast, server.url)
    for days in (29, 31, 200):
        ContractUse.objects.create(
            endpoint=made, fact="ticket.raised", version=1, times=2,
            day=TODAY - timedelta(days=days),
        )  # fmt: skip

    tasks.prune()

    assert ContractUse.objects.count() == 2
    (use,) = used_since(TODAY - timedelta(days=30))
    assert use.times == 2


def test_a_token_that_was_used_is_named_with_what_it_may(cast: Cast) -> None:
    now = datetime.now(UTC)
    for name in ("used", "never"):
        _token, key = issue_token(
            owner=cast.rachel,
            name=name,
            scopes=list(Scope)[:1],
            expires_at=now + timedelta(days=1),
            actor=cast.actor(cast.rachel),
            now=now,
        )
        if name == "used":
            authenticate_token(key=key, now=now)

    (use,) = used_since(TODAY)
    assert use.consumer.startswith("token used (")
    assert use.contract == f"api {next(iter(Scope)).value}"


def test_the_command_tells_people_and_programs(cast: Cast, server: Receiver) -> None:
    made = endpoint(cast, server.url)
    ContractUse.objects.create(endpoint=made, fact="ticket.raised", version=1, day=TODAY, times=2)
    text, data = io.StringIO(), io.StringIO()

    call_command("consumers", stdout=text)
    call_command("consumers", "--json", stdout=data)

    assert (
        f"fact ticket.raised v1: webhook CRM ({made.pk}), 2 times, last {TODAY}" in text.getvalue()
    )
    assert json.loads(data.getvalue())[0]["times"] == 2
