"""Traces: what begins one, what goes on with it, what is kept, and that off is off."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from celery import current_app
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor

from apps.events import relay
from apps.events.models import Event
from apps.events.registry import only
from apps.kernel.noting import noted, scope
from apps.kernel.tracing import Kind, tracer
from apps.kernel.tracing.otlp import Otlp
from tests.cast import Cast
from tests.otlp import Collector, collector
from tests.support import NOON
from tests.tickets.desk import raised
from tests.worker_tier import Tier

TRACEPARENT = "00-66d2f0a14bf92f3577b34da6a3ce929d-00f067aa0ba902b7-01"


@pytest.fixture
def taken() -> Iterator[Collector]:
    with collector() as kept:
        yield kept


@pytest.fixture
def traced(taken: Collector) -> Iterator[Otlp]:
    """This process is traced: every request."""
    with _traced(f"{taken.url}?sample=100") as made:
        yield made


class _traced:  # noqa: N801 - reads as a state
    def __init__(self, url: str) -> None:
        self.made = tracer.build(url)
        assert isinstance(self.made, Otlp)
        self.override = tracer.override(self.made)

    def __enter__(self) -> Otlp:
        self.override.__enter__()
        assert isinstance(self.made, Otlp)
        return self.made

    def __exit__(self, *_: object) -> None:
        self.override.__exit__(None, None, None)
        BotocoreInstrumentor().uninstrument()  # type: ignore[no-untyped-call]
        RedisInstrumentor().uninstrument()
        assert isinstance(self.made, Otlp)
        self.made.provider.shutdown()


def told(traced: Otlp, taken: Collector) -> list[tuple[str, bool]]:
    """Names of what was kept by now, and whether each has a parent."""
    traced.provider.force_flush()
    return [(span.name, bool(span.parent)) for span in taken.spans]


@pytest.mark.django_db
def test_off_is_off(cast: Cast) -> None:
    nobody = tracer.build("none:")

    with nobody.begin("x", kind=Kind.REQUEST) as span, scope():
        span.say(a=1)
        assert nobody.traceparent() is None
        assert noted() == {}
        assert connection.execute_wrappers == []
    raised(cast)
    assert set(Event.objects.values_list("traceparent", flat=True)) == {None}


def test_what_begins_elsewhere_goes_on_here(traced: Otlp, taken: Collector) -> None:
    with traced.begin("job", kind=Kind.MESSAGE, parent=TRACEPARENT), traced.span("part", a__b=1):
        pass

    traced.provider.force_flush()
    part, job = taken.spans
    assert job.trace == part.trace == TRACEPARENT[3:35]
    assert (job.parent, part.parent) == (TRACEPARENT[36:52], job.id)
    assert part.attributes == {"a_b": 1}


def test_an_id_begins_with_the_time(traced: Otlp, taken: Collector) -> None:
    """As X-Ray has them."""
    with traced.begin("request", kind=Kind.REQUEST):
        pass

    traced.provider.force_flush()
    assert abs(int(taken.spans[0].trace[:8], 16) - time.time()) < 60


def test_what_is_not_kept_stays_so_wherever_it_goes(taken: Collector) -> None:
    with _traced(f"{taken.url}?sample=0") as made:
        with scope(), made.begin("request", kind=Kind.REQUEST):
            goes_on = made.traceparent()
            assert connection.execute_wrappers == []
            assert noted() == {}
        with made.begin("job", kind=Kind.MESSAGE, parent=goes_on):
            pass
        made.provider.force_flush()

    assert goes_on is not None
    assert goes_on.endswith("-00")
    assert taken.spans == []


def test_of_many_some_are_kept(taken: Collector) -> None:
    with _traced(f"{taken.url}?sample=20") as made:
        for _ in range(500):
            with made.begin("request", kind=Kind.REQUEST):
                pass
        made.provider.force_flush()

    assert 50 < len(taken.spans) < 150  # four in a million times it isn't


def test_what_nobody_began_is_no_trace(traced: Otlp, taken: Collector, aws: dict[str, str]) -> None:
    """A relay asks its stream and its queues all day."""
    boto3.client("sqs").list_queues()
    with traced.span("alone"):
        pass

    assert told(traced, taken) == []


def test_calls_to_aws_are_part_of_it(traced: Otlp, taken: Collector, aws: dict[str, str]) -> None:
    with traced.begin("request", kind=Kind.REQUEST):
        boto3.client("sqs").list_queues()

    assert told(traced, taken) == [("SQS.ListQueues", True), ("request", False)]


@pytest.mark.skipif("TEST_REDIS_URL" not in os.environ, reason="no Redis: set TEST_REDIS_URL")
def test_the_cache_is_part_of_it_without_its_values(
    traced: Otlp, taken: Collector, settings: Any
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "apps.ops.caches.redis.RedisCache",
            "LOCATION": os.environ["TEST_REDIS_URL"],
        }
    }
    cache = caches.create_connection("default")

    with traced.begin("request", kind=Kind.REQUEST):
        cache.set("canary-key", "canary-value")
    cache.close()

    assert ("SET", True) in told(traced, taken)
    assert b"canary" not in b"".join(taken.raw)


@pytest.mark.django_db
def test_an_error_is_told_by_its_kind_alone(
    traced: Otlp, taken: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise LookupError("canary")

    monkeypatch.setattr("apps.portal.views.home.render", fails)
    Client(raise_request_exception=False).get("/")
    with pytest.raises(LookupError), traced.begin("job", kind=Kind.MESSAGE):
        raise LookupError("canary")

    traced.provider.force_flush()
    assert {span.name: span.failed for span in taken.spans if span.failed} == {
        "GET /": "500",
        "job": "LookupError",
    }
    assert b"canary" not in b"".join(taken.raw)


@pytest.mark.django_db
def test_no_stranger_chooses_what_is_kept(taken: Collector, settings: Any) -> None:
    with _traced(f"{taken.url}?sample=0") as made:
        for name in ("traceparent", "x-aws-sqsd-attr-traceparent"):
            Client().get("/help/", headers={name: TRACEPARENT})
        made.provider.force_flush()

    assert taken.spans == []


@pytest.mark.django_db
def test_a_fact_takes_it_along(cast: Cast, traced: Otlp, taken: Collector) -> None:
    with only("apps.notifications.subscribers.tell"):
        with traced.begin("request", kind=Kind.REQUEST):
            goes_on = traced.traceparent()
            raised(cast)
        for claim in relay.claim_due(now=NOON.replace(year=2100)):
            relay.deliver(claim)

    traced.provider.force_flush()
    (request,) = taken.named("request")
    (heard,) = taken.named("notifications.subscribers.tell")
    assert goes_on is not None
    assert set(Event.objects.values_list("traceparent", flat=True)) == {goes_on}
    assert heard.trace == request.trace
    assert heard.attributes["fact"] == "ticket.raised"


def test_a_job_takes_it_along(traced: Otlp, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: dict[str, Any] = {}
    monkeypatch.setattr(
        "celery.Celery.send_task", lambda *_, **options: sent.update(options["headers"])
    )

    with traced.begin("request", kind=Kind.REQUEST):
        current_app.send_task("apps.ops.tasks.measure")
        here = traced.traceparent()

    assert sent["traceparent"] == here


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_messages_of_the_topic_take_it_along(
    cast: Cast, traced: Otlp, taken: Collector, tier: Tier
) -> None:
    with traced.begin("request", kind=Kind.REQUEST):
        raised(cast)

    tier.bus.carry_due(now=NOON.replace(year=2100))
    messages = tier.waiting()

    traced.provider.force_flush()
    (request,) = taken.named("request")
    found = {message["MessageAttributes"]["traceparent"]["StringValue"] for message in messages}
    assert {each[3:35] for each in found} == {request.trace}


@pytest.mark.parametrize(
    "url",
    ["otlp+http://", "otlp+http://x/v1", "otlp+http://x?sample=101", "otlp+http://x?percent=5"],
)
def test_a_bad_address_says_how_it_is_written(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="write otlp"):
        tracer.build(url)


@pytest.mark.django_db
def test_a_collector_that_is_away_is_nobodys_trouble() -> None:
    with _traced("otlp+http://127.0.0.1:1?sample=100"):
        assert Client().get("/help/").status_code == 200
