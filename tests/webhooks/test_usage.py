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
from apps.webhooks.usage import Use, told, used_since
from deploy import instances
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

    (use,) = [each for each in used_since(TODAY) if each.contract == "webhook: ticket.raised v1"]
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
    assert use.contract == f"api: {next(iter(Scope)).value}"


def test_the_command_tells_people_and_programs(cast: Cast, server: Receiver) -> None:
    made = endpoint(cast, server.url)
    ContractUse.objects.create(endpoint=made, fact="ticket.raised", version=1, day=TODAY, times=2)
    text, data = io.StringIO(), io.StringIO()

    call_command("consumers", stdout=text)
    call_command("consumers", "--json", stdout=data)

    assert (
        f"webhook: ticket.raised v1: webhook CRM ({made.pk}), 2 times, last {TODAY}"
        in text.getvalue()
    )
    answer = json.loads(data.getvalue())
    assert answer["days"] == 30
    assert answer["uses"] == [
        ["webhook: ticket.raised v1", f"webhook CRM ({made.pk}) of our own", str(TODAY), 2]
    ]


def test_our_own_systems_are_told_from_those_that_get_what_is_offered(
    cast: Cast, server: Receiver
) -> None:
    endpoint(cast, server.url, internal=True)
    raised(cast)

    hear()
    send()

    assert "ticket.raised v1" in {use.contract for use in used_since(TODAY)}


def test_what_leaves_the_desk_names_organisations_and_nobody(cast: Cast, server: Receiver) -> None:
    """A token is called what its owner likes: such as after themselves."""
    now = datetime.now(UTC)
    acme = cast.rachel.organisation
    made = endpoint(cast, server.url, organisation=acme)
    ContractUse.objects.create(endpoint=made, fact="ticket.raised", version=1, day=TODAY, times=2)
    token, key = issue_token(
        owner=cast.rachel, name="Rachel's", scopes=[Scope.REQUESTER],
        expires_at=now + timedelta(days=1), actor=cast.actor(cast.rachel), now=now,
    )  # fmt: skip
    authenticate_token(key=key, now=now)
    data = io.StringIO()

    call_command("consumers", "--json", stdout=data)

    assert [use[1] for use in json.loads(data.getvalue())["uses"]] == [
        f"token {token.pk} of {acme}",
        f"webhook CRM ({made.pk}) of {acme}",
    ]


def test_a_busy_desk_can_say_it_all(cast: Cast, server: Receiver) -> None:
    """Fifty webhooks with five facts each, within what Systems Manager carries."""
    use = Use(
        consumer="", known_as="webhook Ticketing (123) of Example Ltd",
        contract="webhook: ticket.raised v1", last=TODAY, times=1234,
    )  # fmt: skip

    answer = json.dumps(told([use] * 250, now=datetime.now(UTC), days=30), separators=(",", ":"))

    assert len(answer) < instances.MOST
