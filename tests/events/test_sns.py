"""Facts on a real topic: what duplicates, disorder, outages and refusals do to them."""

from __future__ import annotations

import json
import random
import re
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.utils import timezone

from apps.events import bodies, relay
from apps.events.bus import bus, sns
from apps.events.bus.sns import MOST_BYTES, TOPIC
from apps.events.models import Delivery, Event
from apps.kernel import aws as clients
from apps.kernel.aws import client
from apps.tickets.models import Tag
from tests.events.facts import Rung, heard_by
from tests.events.test_bus import effects, note, ring
from tests.local_aws import started
from tests.support import transactional
from tests.worker_tier import Tier

pytestmark = transactional
SUBJECTS, TIMES, SUBSCRIBERS = 4, 6, ("left", "right")


def left(event: Any) -> None:
    Tag.objects.create(name=f"left {event.subject} {event.data['times']}")


def right(event: Any) -> None:
    Tag.objects.create(name=f"right {event.subject} {event.data['times']}")


def test_everything_three_times_in_random_order_happens_once_and_in_turn(tier: Tier) -> None:
    with heard_by(left, right):
        for times in range(1, TIMES + 1):
            for subject in range(SUBJECTS):
                ring(f"bell:{subject}", times)
        seen: list[Any] = []

        while Delivery.objects.pending().exists():
            tier.bus.carry_due(now=timezone.now())
            new = tier.waiting()
            # Each message three times: some now, some in a later round.
            seen += new
            again = random.sample(seen, k=min(len(seen), 2 * len(new)))
            for message in random.sample(new + again, k=len(new + again)):
                assert tier.poster._post(message) == 200
        for message in random.sample(seen * 2, k=len(seen) * 2):
            assert tier.poster._post(message) == 200

    happened = defaultdict(list)
    for name in Tag.objects.order_by("id").values_list("name", flat=True):
        who, bell, nth = name.split()
        happened[who, bell].append(int(nth))
    assert len(happened) == len(SUBSCRIBERS) * SUBJECTS
    assert all(order == list(range(1, TIMES + 1)) for order in happened.values()), happened


def test_a_late_message_finds_its_delivery_taken(tier: Tier) -> None:
    with heard_by(note):
        ring()
        tier.bus.carry_due(now=timezone.now())
        (message,) = tier.waiting()
        Delivery.objects.exclude(subscriber=TOPIC).update(due_at=timezone.now())
        tier.bus.carry_due(now=timezone.now())
        assert tier.post() == [200]

        assert tier.poster._post(message) == 200

    assert len(effects()) == 1


def test_workers_that_are_hours_behind_make_nothing_look_deadly(tier: Tier) -> None:
    with heard_by(note):
        ring()
        now = timezone.now()
        until = now + timedelta(hours=6)
        handed = 0
        while now < until:
            handed += tier.bus.carry_due(now=now)
            relay.park_the_deadly(now=now)
            now += timedelta(minutes=1)

        assert not Delivery.objects.parked().exists()
        assert handed <= 32
        assert set(tier.post()) == {200}

    assert len(effects()) == 1


def test_a_worker_killed_in_the_middle_leaves_it_to_the_next(tier: Tier) -> None:
    with heard_by(note):
        ring()
        tier.bus.carry_due(now=timezone.now())
        (message,) = tier.waiting()
        seen = {each["delivery"]: each["seen"] for each in json.loads(message["Body"])["claims"]}
        next(relay.take_over(seen))  # and it dies

        assert tier.poster._post(message) == 200
        assert effects() == []
        Delivery.objects.pending().update(due_at=timezone.now())
        tier.bus.carry_due(now=timezone.now())
        assert tier.post() == [200]

    assert len(effects()) == 1


class TestOthers:
    def test_hear_every_fact_once_with_all_that_it_says(self, tier: Tier) -> None:
        url = tier.listen(claimed=["false"])
        with heard_by():
            event = ring(times=7)

            assert tier.bus.carry_due(now=timezone.now()) == 1
            assert tier.bus.carry_due(now=timezone.now() + timedelta(hours=1)) == 0

        tier.queue = url
        (message,) = tier.waiting()
        said = {name: each["StringValue"] for name, each in message["MessageAttributes"].items()}
        assert said == {
            "name": "bell.rung",
            "subject": "bell:1",
            "version": "1",
            "claimed": "false",
        }
        assert json.loads(message["Body"]) == bodies.of_fact(event)
        assert not Delivery.objects.pending().exists()

    def test_choose_by_name(self, tier: Tier) -> None:
        url = tier.listen(claimed=["false"], name=["bell.muted"])
        with heard_by(note):
            ring()
            tier.bus.carry_due(now=timezone.now())

        tier.queue = url
        assert tier.waiting() == []

    def test_get_one_that_is_too_large_without_its_data(self, tier: Tier) -> None:
        url = tier.listen(claimed=["false"])
        with heard_by(note):
            ring()
            Event.objects.update(data={"times": 1, "long": "ü" * MOST_BYTES})

            assert tier.bus.carry_due(now=timezone.now()) == 2
            assert tier.post() == [200]

        tier.queue = url
        (message,) = tier.waiting()
        assert json.loads(message["Body"])["data"] is None
        assert len(effects()) == 1


def test_facts_wait_for_a_topic_that_refuses(tier: Tier) -> None:
    with heard_by(note):
        ring()
        gone: Any = bus.build(f"sns://{tier.topic}-gone")
        now = timezone.now()
        for _ in range(3 * relay.MAX_FAILURES):
            assert gone.carry_due(now=now) == 0
            now += relay.AWAY

        assert tier.bus.carry_due(now=now) == 2
        assert tier.post() == [200]

    assert len(effects()) == 1
    assert set(Delivery.objects.values_list("failures", flat=True)) == {0}


def test_facts_wait_for_a_topic_that_is_down(
    tier: Tier, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with heard_by(note):
        ring()
        with started(tmp_path) as url:
            pass  # it was there, and went
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        client.cache_clear()
        now = timezone.now()
        assert tier.bus.carry_due(now=now) == 0

        monkeypatch.setenv("AWS_ENDPOINT_URL", tier.sqs.meta.endpoint_url)
        client.cache_clear()
        assert tier.bus.carry_due(now=now + relay.AWAY) == 2
        assert tier.post() == [200]

    assert len(effects()) == 1


def test_a_topic_that_says_nothing_is_asked_once(
    tier: Tier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not once for each batch: the relay has more to do."""
    monkeypatch.setattr(sns, "READ", 0.2)
    with heard_by(note), socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        for bell in range(3 * sns.MOST_ENTRIES):
            ring(f"bell:{bell}")
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        client.cache_clear()
        now = timezone.now()

        assert tier.bus.carry_due(now=now) == 0
        monkeypatch.setenv("AWS_ENDPOINT_URL", tier.sqs.meta.endpoint_url)
        client.cache_clear()
        silent.settimeout(0)
        calls = 0
        with suppress(BlockingIOError):
            while True:
                silent.accept()[0].close()
                calls += 1
        again = tier.bus.carry_due(now=now + relay.AWAY)

    assert calls == 2  # of one batch: its call, and the one more that a client makes
    assert again == 6 * sns.MOST_ENTRIES


class _Partly(BaseHTTPRequestHandler):
    """SNS as it is on a bad day: of each batch it takes some."""

    refuses: dict[str, str]  # a message's name → "true" if it is the sender's fault
    taken: list[list[str]]

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        said = parse_qs(self.rfile.read(length).decode())
        prefix = "PublishBatchRequestEntries.member"
        bodies_by_id = {
            said[f"{prefix}.{place}.Id"][0]: said[f"{prefix}.{place}.Message"][0]
            for place in range(1, 11)
            if f"{prefix}.{place}.Id" in said
        }
        good: list[tuple[str, str]] = []
        bad: list[tuple[str, str]] = []
        for number, body in bodies_by_id.items():
            subject = json.loads(body)["subject"]
            (bad if subject in self.refuses else good).append((number, subject))
        self.taken.append([subject for _, subject in good])
        members = "".join(f"<member><Id>{n}</Id><MessageId>m</MessageId></member>" for n, _ in good)
        failed = "".join(
            f"<member><Id>{n}</Id><Code>Odd</Code><Message>No</Message>"
            f"<SenderFault>{self.refuses[subject]}</SenderFault></member>"
            for n, subject in bad
        )
        answer = (
            '<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">'
            f"<PublishBatchResult><Successful>{members}</Successful><Failed>{failed}</Failed>"
            "</PublishBatchResult></PublishBatchResponse>"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def partly(aws: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Partly]]:
    class Server(_Partly):
        refuses: dict[str, str] = {}
        taken: list[list[str]] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    clients.client.cache_clear()
    built = bus.build("sns://arn:aws:sns:eu-central-1:123456789012:facts")
    with bus.override(built):
        yield Server
    server.shutdown()
    thread.join()
    server.server_close()


def test_large_facts_go_in_batches_that_fit(partly: type[_Partly]) -> None:
    with heard_by():
        for number in range(5):
            ring(f"bell:{number}")
        Event.objects.update(data={"times": 1, "long": "x" * 100_000})

        assert bus.get().carry_due(now=timezone.now()) == 5

    assert partly.taken == [["bell:0", "bell:1"], ["bell:2", "bell:3"], ["bell:4"]]


class TestPartOfABatch:
    def test_goes_again_alone(self, partly: type[_Partly]) -> None:
        partly.refuses = {"bell:1": "false"}
        with heard_by():
            for number in range(3):
                ring(f"bell:{number}")
            now = timezone.now()
            assert bus.get().carry_due(now=now) == 2

            partly.refuses = {}
            assert bus.get().carry_due(now=now) == 0
            assert bus.get().carry_due(now=now + relay.AWAY) == 1

        assert partly.taken == [["bell:0", "bell:2"], ["bell:1"]]

    def test_that_is_refused_for_good_is_shown_to_staff(self, partly: type[_Partly]) -> None:
        partly.refuses = {"bell:1": "true"}
        with heard_by():
            ring("bell:1")
            for _ in range(relay.MAX_FAILURES):
                Delivery.objects.update(due_at=timezone.now())
                bus.get().carry_due(now=timezone.now())

        assert re.search("SNS refused it: Odd No", Delivery.objects.parked().get().error)


def test_what_is_sent_is_what_the_contract_says(tier: Tier) -> None:
    with heard_by(note):
        event = ring()
    fact, claims = bodies.of_fact(event), bodies.of_claims(event.id, [(1, 0)])

    kept = bodies.contracts()

    assert list(fact) == list(kept["topic: fact"]["fields"])
    assert list(claims) == list(kept["topic: claims"]["fields"])
    assert Rung.name in fact["name"]
