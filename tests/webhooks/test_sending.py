"""From a fact to a customer's server, and what becomes of those that don't take it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.events.bodies import contracts
from apps.events.models import Delivery, Event
from apps.events.registry import subscribers_of
from apps.notifications.models import OutgoingMail
from apps.tickets import actions as tickets
from apps.webhooks import actions, signing, tasks
from apps.webhooks.actions import LEAST_FAILURES, Claimed
from apps.webhooks.models import Endpoint, WebhookDelivery
from apps.webhooks.posting import Answer
from tests.cast import Cast
from tests.support import NOON, transactional
from tests.tickets.desk import raised
from tests.webhooks.hooks import bodies, endpoint, hear, send
from tests.webhooks.receiver import Receiver, receiver

OURS = "apps.webhooks.subscribers.queue"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def told_at_once(django_capture_on_commit_callbacks: Any) -> Iterator[None]:
    """What was kept of webhooks is forgotten at the end of an action, as after a commit."""
    with django_capture_on_commit_callbacks():
        yield


@pytest.fixture(autouse=True)
def nothing_kept(settings: Any) -> None:
    settings.KEPT_SECONDS = 0


def test_a_fact_arrives_signed_with_no_more_than_customers_may_know(
    cast: Cast, server: Receiver
) -> None:
    row = endpoint(cast, server.url)
    ticket = raised(cast)
    tickets.reply(ticket=ticket, text="Hello", actor=cast.actor(cast.alice), now=NOON)
    hear()
    send()

    first, second = server.got
    body = json.loads(first.body)
    assert (body["name"], body["subject"]) == ("ticket.raised", f"ticket:{ticket.pk}")
    assert body["data"]["requester_id"] == cast.rachel.pk
    assert "team_id" not in body["data"]
    assert body["actor_id"] is None
    assert set(body) == set(contracts()["webhook"]["fields"])
    secret, now = actions.current_secret(row), int(timezone.now().timestamp())
    assert signing.holds(first.headers["Tendril-Signature"], first.body, secret=secret, now=now)
    assert first.headers["User-Agent"] == "Tendril-Webhooks/1"
    assert first.headers["Tendril-Delivery"] != second.headers["Tendril-Delivery"]
    assert json.loads(second.body)["name"] == "message.added"


def test_work_notes_and_what_was_not_chosen_stay_inside(cast: Cast, server: Receiver) -> None:
    endpoint(cast, server.url, facts=("message.added",))
    ticket = raised(cast, team=cast.cards)
    alice = cast.actor(cast.alice)
    tickets.note(ticket=ticket, text="Between us", actor=alice, now=NOON)
    tickets.reply(ticket=ticket, text="Hello", actor=alice, now=NOON)
    hear()
    send()

    assert [body["data"]["direction"] for body in bodies(server)] == ["out"]


def test_our_own_systems_hear_everything(cast: Cast, server: Receiver) -> None:
    names = ("message.added", "ticket.assigned")
    endpoint(cast, server.url, facts=names, internal=True)
    ticket = raised(cast, team=cast.cards)
    alice = cast.actor(cast.alice)
    tickets.note(ticket=ticket, text="Between us", actor=alice, now=NOON)
    tickets.take(ticket=ticket, actor=alice, now=NOON)
    hear()
    send()

    last = bodies(server)[-1]
    assert [body["name"] for body in bodies(server)] == ["message.added", "ticket.assigned"]
    assert last["data"]["assignee_to"] == last["actor_id"] == cast.alice.pk


def test_of_one_organisation_only_its_tickets(cast: Cast, server: Receiver) -> None:
    facts = ("ticket.raised", "article.published")
    endpoint(cast, server.url, facts=facts, organisation=cast.acme)
    raised(cast, cast.oscar)
    raised(cast, cast.paula)
    mine = raised(cast, cast.ross)
    hear()
    send()

    assert [body["subject"] for body in bodies(server)] == [f"ticket:{mine.pk}"]


class TestADeliveryRow:
    def test_is_made_only_for_facts_that_somebody_wants(self, cast: Cast) -> None:
        raised(cast)
        assert not Delivery.objects.filter(subscriber=OURS).exists()

        row = endpoint(cast, "https://hooks.example.com/", facts=("ticket.raised",))
        raised(cast)
        assert Delivery.objects.filter(subscriber=OURS).count() == 1

        actions.pause(endpoint=row, actor=cast.actor(cast.ada), now=NOON)
        raised(cast)
        assert Delivery.objects.filter(subscriber=OURS).count() == 1

    def test_costs_no_query_where_nobody_wants_it(
        self, cast: Cast, settings: Any, django_assert_num_queries: Any
    ) -> None:
        settings.KEPT_SECONDS = 60
        subscribers_of("ticket.raised")

        with django_assert_num_queries(0):
            assert OURS not in subscribers_of("ticket.raised")


def test_the_same_fact_twice_is_one_delivery(cast: Cast) -> None:
    endpoint(cast, "https://hooks.example.com/")
    raised(cast)
    hear()
    Delivery.objects.filter(subscriber=OURS).update(done_at=None, due_at=NOON)
    hear()

    assert WebhookDelivery.objects.count() == 1


class TestOneThatIsNotTaken:
    def test_comes_again_later_with_the_same_id(self, cast: Cast, server: Receiver) -> None:
        endpoint(cast, server.url, facts=("ticket.raised",))
        server.answers = [500]
        raised(cast)
        hear()
        send()
        delivery = WebhookDelivery.objects.get()
        assert (delivery.state, delivery.status, delivery.attempts) == ("waiting", 500, 1)
        assert (delivery.error, delivery.excerpt) == ("answered 500", "thanks")
        assert delivery.due_at > timezone.now()

        send()

        delivery.refresh_from_db()
        first, second = server.got
        assert (delivery.state, delivery.status, delivery.attempts) == ("sent", 200, 2)
        assert first.body == second.body
        assert first.headers["Tendril-Delivery"] == second.headers["Tendril-Delivery"]

    def test_is_not_tried_before_its_time(self, cast: Cast, server: Receiver) -> None:
        endpoint(cast, server.url, facts=("ticket.raised",))
        server.then = 500
        raised(cast)
        hear()
        send()

        tasks.send_due()

        assert len(server.got) == 1

    def test_lets_later_ones_go_on(self, cast: Cast, server: Receiver) -> None:
        endpoint(cast, server.url, facts=("ticket.raised",))
        raised(cast), raised(cast)
        hear()
        server.answers = [400]
        send()
        Endpoint.objects.update(held_until=None)
        tasks.send_due()

        states = WebhookDelivery.objects.order_by("id").values_list("state", flat=True)
        assert list(states) == ["waiting", "sent"]

    def test_has_its_endpoint_rest(self, cast: Cast, server: Receiver) -> None:
        endpoint(cast, server.url, facts=("ticket.raised",))
        server.then = 503
        for _ in range(5):
            raised(cast)
        hear()
        send()

        assert len(server.got) == 1
        row = Endpoint.objects.get()
        assert row.failures == 1
        assert row.held_until is not None
        assert row.held_until > timezone.now()

    def test_is_given_up_after_days(self, cast: Cast, server: Receiver) -> None:
        endpoint(cast, server.url, facts=("ticket.raised",))
        server.then = 500
        raised(cast)
        hear()
        WebhookDelivery.objects.update(since=timezone.now() - actions.GIVE_UP_AFTER)
        send()

        assert WebhookDelivery.objects.get().state == "failed"

    def test_is_given_up_by_the_clock_where_its_endpoint_is_off(self, cast: Cast) -> None:
        row = endpoint(cast, "https://hooks.example.com/", facts=("ticket.raised",))
        raised(cast)
        hear()
        actions.pause(endpoint=row, actor=cast.actor(cast.ada), now=NOON)
        later = timezone.now() + actions.GIVE_UP_AFTER
        assert actions.give_up_old(now=later - timedelta(hours=1)) == 0

        assert actions.give_up_old(now=later + timedelta(hours=1)) == 1
        actions.prune(before=later + timedelta(days=1))
        assert not WebhookDelivery.objects.exists()


class TestAnEndpointThatFailsForDays:
    @pytest.fixture
    def failing(self, cast: Cast, server: Receiver, settings: Any) -> Endpoint:
        row = endpoint(cast, server.url, facts=("ticket.raised",))
        server.then = 500
        raised(cast)
        hear()
        ago = timezone.now() - timedelta(days=settings.WEBHOOK_DISABLE_AFTER_DAYS)
        Endpoint.objects.update(failures=LEAST_FAILURES - 1, failing_since=ago)
        return row

    def test_is_switched_off_and_administrators_hear_of_it(
        self, cast: Cast, failing: Endpoint
    ) -> None:
        OutgoingMail.objects.all().delete()
        send()

        failing.refresh_from_db()
        assert failing.state == "disabled"
        fact = Event.objects.get(name="webhook.disabled")
        assert fact.data == {"failures": LEAST_FAILURES, "why": "answered 500"}
        (mail,) = OutgoingMail.objects.filter(subject__contains="switched off")
        assert mail.to == cast.ada.email
        assert failing.url in mail.text
        assert f"/admin/webhooks/endpoint/{failing.pk}/change/" in mail.text

    def test_of_an_organisation_tells_its_managers_too(self, cast: Cast, failing: Endpoint) -> None:
        """Each once; nobody of another organisation, and no member who doesn't manage it."""
        Endpoint.objects.update(organisation=cast.acme, url=f"{failing.url}?key=secret")
        for gone in (cast.ross, cast.oscar):
            User.objects.filter(pk=gone.pk).update(is_organisation_manager=True)
        User.objects.filter(pk=cast.ross.pk).update(is_active=False)
        User.objects.filter(pk=cast.ada.pk).update(
            organisation=cast.acme, is_organisation_manager=True
        )
        User.objects.filter(pk=cast.monica.pk).update(locale="de")
        OutgoingMail.objects.all().delete()

        send()

        mails = {mail.to: mail for mail in OutgoingMail.objects.exclude(key__startswith="ticket")}
        assert set(mails) == {cast.ada.email, cast.monica.email}
        theirs = mails[cast.monica.email].text
        assert "127.0.0.1" in theirs
        assert "Sie" in theirs
        assert "Acme" in theirs
        assert "/new/" in theirs
        assert "/admin/" not in theirs
        assert "key=secret" not in theirs
        assert "/admin/" in mails[cast.ada.email].text

    def test_of_no_organisation_tells_no_customer(self, cast: Cast, failing: Endpoint) -> None:
        OutgoingMail.objects.all().delete()

        send()

        assert {mail.to for mail in OutgoingMail.objects.all()} == {cast.ada.email}

    def test_goes_on_when_it_answers_in_between(self, failing: Endpoint, server: Receiver) -> None:
        server.then = 200
        send()

        failing.refresh_from_db()
        assert (failing.state, failing.failures, failing.failing_since) == ("active", 0, None)

    def test_is_kept_where_it_failed_a_few_times_only(
        self, failing: Endpoint, server: Receiver
    ) -> None:
        Endpoint.objects.update(failures=1)
        send()

        failing.refresh_from_db()
        assert failing.state == "active"

    def test_gets_what_waited_when_it_is_on_again(
        self, cast: Cast, failing: Endpoint, server: Receiver
    ) -> None:
        send()
        server.then = 200
        send()
        assert len(server.got) == 1

        actions.resume(endpoint=failing, actor=cast.actor(cast.ada), now=timezone.now())
        send()

        assert WebhookDelivery.objects.get().state == "sent"


def test_one_that_says_it_is_gone_is_switched_off_at_once(cast: Cast, server: Receiver) -> None:
    row = endpoint(cast, server.url, facts=("ticket.raised",))
    server.then = 410
    raised(cast)
    hear()
    send()

    row.refresh_from_db()
    assert row.state == "disabled"


def test_a_ping_arrives_or_is_given_up_at_once(cast: Cast, server: Receiver) -> None:
    row, ada = endpoint(cast, server.url), cast.actor(cast.ada)
    server.answers = [500]

    for _ in range(2):
        actions.ping(endpoint=row, actor=ada, now=timezone.now())
        send()

    states = WebhookDelivery.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == ["failed", "sent"]
    assert [body["kind"] for body in bodies(server)] == ["ping", "ping"]


def test_a_fact_that_is_no_longer_for_an_endpoint_is_not_sent(cast: Cast, server: Receiver) -> None:
    endpoint(cast, server.url, facts=("person.changed",), internal=True)
    row = Endpoint.objects.get()
    raised(cast)
    event = Event.objects.filter(name="ticket.assigned").first() or Event.objects.first()
    assert event is not None
    Event.objects.filter(pk=event.pk).update(name="person.changed")
    WebhookDelivery.objects.create(
        endpoint=row, event_id=event.pk, fact="person.changed", subject="x", created_at=NOON,
        since=timezone.now(), due_at=NOON,
    )  # fmt: skip
    Endpoint.objects.update(internal=False)
    send()

    assert server.got == []
    assert "not for this endpoint" in WebhookDelivery.objects.get().error


class TestAClaim:
    def test_is_for_one_delivery_of_an_endpoint_at_a_time(self, cast: Cast) -> None:
        endpoint(cast, "https://hooks.example.com/", facts=("ticket.raised",))
        raised(cast), raised(cast)
        hear()
        now = timezone.now() + timedelta(seconds=1)

        first = actions.claim(now=now)

        assert first is not None
        assert actions.claim(now=now) is None
        again = actions.claim(now=now + actions.LEASE)  # its sender died
        assert again is not None
        assert (again.delivery.pk, again.delivery.attempts) == (first.delivery.pk, 2)

    def test_whose_time_is_over_says_nothing_more(self, cast: Cast) -> None:
        endpoint(cast, "https://hooks.example.com/", facts=("ticket.raised",))
        raised(cast)
        hear()
        now = timezone.now() + timedelta(seconds=1)
        late, later = actions.claim(now=now), actions.claim(now=now + actions.LEASE)
        assert late is not None
        assert later is not None

        actions.mark_failed(claimed=late, error="late", now=now)
        assert Endpoint.objects.get().failures == 0
        actions.mark_answered(claimed=later, answer=Answer(200, ""), took_ms=1, now=now)

        assert WebhookDelivery.objects.get().state == "sent"

    def test_of_one_endpoint_leaves_the_others(self, cast: Cast) -> None:
        for name in ("one", "two"):
            endpoint(cast, f"https://{name}.example.com/", facts=("ticket.raised",))
        raised(cast)
        hear()
        now = timezone.now() + timedelta(seconds=1)

        found = [actions.claim(now=now) for _ in range(3)]

        claimed = [one.endpoint.pk for one in found if isinstance(one, Claimed)]
        assert len(claimed) == len(set(claimed)) == 2

    def test_leaves_an_endpoint_behind_those_that_wait(self, cast: Cast) -> None:
        for name in ("one", "two", "three"):
            url = f"https://{name}.example.com/"
            endpoint(cast, url, name=name, facts=("ticket.raised",))
        for _ in range(3):
            raised(cast)
        hear()
        now = timezone.now() + timedelta(seconds=1)

        turns = []
        for second in range(9):
            then = now + timedelta(seconds=second)
            claimed = actions.claim(now=then)
            assert claimed is not None
            actions.mark_answered(claimed=claimed, answer=Answer(200, ""), took_ms=1, now=then)
            turns.append(claimed.endpoint.name)

        assert turns == ["one", "two", "three"] * 3


class TestASlowServer:
    def test_holds_up_nothing_of_the_others(self, cast: Cast, server: Receiver) -> None:
        with receiver() as slow:
            slow.waits_for = threading.Event()
            first = endpoint(cast, slow.url, facts=("ticket.raised",))
            second = endpoint(cast, server.url, facts=("ticket.raised",))
            for _ in range(3):
                raised(cast)
            hear()
            told = threading.Thread(target=_when_all_came, args=(server, 3, slow.waits_for))
            told.start()

            send()
            told.join()

        sent = WebhookDelivery.objects.filter(state="sent")
        assert sent.filter(endpoint=second).count() == 3
        # It answered in time, after the other's last.
        assert sent.filter(endpoint=first).count() == 3
        assert not WebhookDelivery.objects.exclude(error="").exists()

    def test_holds_one_process_and_no_second(self, cast: Cast, server: Receiver) -> None:
        endpoint(cast, server.url, facts=("ticket.raised",))
        raised(cast)
        hear()
        other = actions.take_turn(now=timezone.now())
        assert other is not None

        send()
        assert server.got == []

        actions.end_turn(mine=other, now=timezone.now())
        send()
        assert len(server.got) == 1


class TestATurn:
    @pytest.fixture
    def told_of(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The jobs that are asked for."""
        found: list[str] = []
        monkeypatch.setattr(actions, "nudge", found.append)
        return found

    def test_ends_with_its_process(self) -> None:
        first = actions.take_turn(now=NOON)
        assert first == NOON + actions.TURN
        assert actions.take_turn(now=NOON + timedelta(seconds=59)) is None

        second = actions.take_turn(now=first)  # killed, it said nothing more

        assert second is not None
        assert actions.take_turn(now=first, mine=first) is None
        assert actions.take_turn(now=first, mine=second) is not None

    def test_leaves_nothing_that_came_while_others_were_sent_away(
        self, cast: Cast, told_of: list[str]
    ) -> None:
        endpoint(cast, "https://hooks.example.com/", facts=("ticket.raised",))
        mine = actions.take_turn(now=timezone.now())
        assert mine is not None
        actions.end_turn(mine=mine, now=timezone.now())
        assert told_of == []

        mine = actions.take_turn(now=timezone.now())
        assert mine is not None
        raised(cast)
        hear()
        told_of.clear()
        actions.end_turn(mine=mine, now=timezone.now())

        assert told_of == ["apps.webhooks.tasks.send_due"]


def _when_all_came(server: Receiver, many: int, say: threading.Event) -> None:
    deadline = time.monotonic() + 60
    while len(server.got) < many and time.monotonic() < deadline:
        time.sleep(0.01)
    say.set()


@transactional
def test_two_senders_at_once_send_everything_once_and_in_order(cast: Cast, settings: Any) -> None:
    settings.WEBHOOK_TRUSTED_HOSTS = frozenset({"127.0.0.1"})
    with receiver() as server:
        endpoint(cast, server.url, facts=("ticket.raised",))
        subjects = [f"ticket:{raised(cast).pk}" for _ in range(12)]
        hear()

        def work() -> None:
            try:
                deadline = time.monotonic() + 60
                while WebhookDelivery.objects.waiting().exists() and time.monotonic() < deadline:
                    tasks.send_due()
            finally:
                connection.close()

        senders = [threading.Thread(target=work) for _ in range(2)]
        for thread in senders:
            thread.start()
        for thread in senders:
            thread.join()

        assert [body["subject"] for body in bodies(server)] == subjects
