"""What the worker tier refused: read, put back into its queue as it was, or dropped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from django.test import Client

from apps.events.models import Event
from apps.kernel.errors import ForbiddenError
from apps.ops import actions
from apps.ops.broker import address
from apps.ops.dead_jobs import DeadJobs, dead_messages
from apps.ops.dead_jobs.reading import read_message
from deploy import stacks
from tests.cast import Cast
from tests.deploy.templates import parse, properties, text_of
from tests.support import NOON

PAGE = "/admin/dead-messages/"
CLAIMS = json.dumps({"kind": "claims", "version": 1, "event": 7, "claims": []})
BOUNCE = json.dumps({"eventType": "Bounce", "mail": {"destination": ["<b>@hill.example"]}})


class Queues:
    """The worker tier's, as the stack makes them."""

    def __init__(self, environment: dict[str, str]) -> None:
        stacks.apply("messaging", stage="local", parameters={})
        self.client = boto3.client("sqs")
        host = urlsplit(environment["AWS_ENDPOINT_URL"]).netloc
        account = environment["AWS_ACCESS_KEY_ID"]
        self.url = f"sqs+http://{host}/{account}/tendril-local-"
        self.worker = self.client.get_queue_url(QueueName="tendril-local-worker")["QueueUrl"]

    def refuse(self, body: str) -> None:
        """As sqsd does what the worker answers with an error, until SQS has enough of it."""
        told: Any = {"traceparent": {"DataType": "String", "StringValue": "00-1-2-01"}}
        self.client.send_message(QueueUrl=self.worker, MessageBody=body, MessageAttributes=told)
        for _ in range(address.WORKER_TIMES):
            (raw,) = self._taken()
            self.client.change_message_visibility(
                QueueUrl=self.worker, ReceiptHandle=raw["ReceiptHandle"], VisibilityTimeout=0
            )
        assert self._taken() == []

    def waiting(self) -> list[Any]:
        return self._taken()

    def _taken(self) -> list[Any]:
        answer = self.client.receive_message(
            QueueUrl=self.worker,
            WaitTimeSeconds=0,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))


@pytest.fixture
def queues(aws: dict[str, str]) -> Queues:
    return Queues(aws)


@pytest.fixture
def messages(queues: Queues) -> Iterator[DeadJobs]:
    with dead_messages.override(dead_messages.build(queues.url)) as used:
        yield used


@pytest.fixture
def client(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.ada)
    return client


def test_they_say_what_they_are(queues: Queues, messages: DeadJobs) -> None:
    queues.refuse(CLAIMS)

    (told,) = messages.read().jobs

    assert (told.task, told.queue, told.times) == ("kind:claims", "worker", 10)
    assert json.loads(told.arguments) == json.loads(CLAIMS)
    assert told.sent_at is not None


def test_one_goes_back_as_it_was(queues: Queues, messages: DeadJobs) -> None:
    queues.refuse(CLAIMS)

    (retried,) = messages.retry([messages.read().jobs[0].key])

    (back,) = queues.waiting()
    assert (back["Body"], retried.task) == (CLAIMS, "kind:claims")
    assert back["MessageAttributes"]["traceparent"]["StringValue"] == "00-1-2-01"
    assert messages.count() == 0


def test_one_is_dropped(queues: Queues, messages: DeadJobs) -> None:
    queues.refuse(CLAIMS)
    queues.refuse(BOUNCE)
    chosen = next(each.key for each in messages.read().jobs if each.task == "eventType:Bounce")

    list(messages.drop([chosen]))

    assert [each.task for each in messages.read().jobs] == ["kind:claims"]
    assert queues.waiting() == []


@pytest.mark.parametrize("body", ["", "{", "[]", "nonsense", "e30="])
def test_what_is_no_message_can_be_read(body: str) -> None:
    told = read_message(body, key="k", sent_at=NOON)

    assert (told.key, told.task, told.arguments) == ("k", "", body)


def test_sqs_gives_up_after_as_many_times_as_the_page_says() -> None:
    queue = properties(parse(text_of("messaging"))["Resources"]["WorkerQueue"])

    assert queue["RedrivePolicy"]["maxReceiveCount"] == address.WORKER_TIMES


@pytest.mark.django_db
def test_only_administrators_may(cast: Cast) -> None:
    told = read_message(CLAIMS, key="k", sent_at=NOON)

    for note in (actions.note_message_retried, actions.note_message_dropped):
        with pytest.raises(ForbiddenError):
            note(job=told, actor=cast.actor(cast.alice), now=NOON)


@pytest.mark.django_db
class TestThePage:
    def test_says_what_each_is(self, queues: Queues, messages: DeadJobs, client: Client) -> None:
        queues.refuse(CLAIMS)
        queues.refuse(BOUNCE)
        queues.refuse('{"kind": "poem"}')

        text = client.get(PAGE).text

        assert "Facts to be delivered" in text
        assert "What Amazon SES says of a mail" in text
        assert "&lt;b&gt;@hill.example" in text
        assert "taken 10 times" in text
        assert "Chores that fail" not in text

    @pytest.mark.parametrize(
        ("do", "fact", "waiting"), [("retry", "retried", 1), ("drop", "dropped", 0)]
    )
    def test_asks_first_and_notes_who_did_it(  # noqa: PLR0917 - fixtures
        self,
        queues: Queues,
        messages: DeadJobs,
        client: Client,
        cast: Cast,
        do: str,
        fact: str,
        waiting: int,
    ) -> None:
        queues.refuse(BOUNCE)
        (key,) = (each.key for each in messages.read().jobs)

        asked = client.post(PAGE, {"do": do, "key": key})
        done = client.post(PAGE, {"do": do, "key": key, "sure": "1"}, follow=True)

        assert f'action="{PAGE}"' in asked.text
        assert "1 message" in done.text
        assert "No message was given up" in done.text
        assert len(queues.waiting()) == waiting
        event = Event.objects.get(name=f"letter.{fact}")
        assert (event.actor_id, event.subject) == (cast.ada.pk, f"letter:{key}")
        assert event.data == {"kind": "eventType:Bounce"}

    def test_is_in_the_sidebar_where_there_is_such_a_queue(
        self, messages: DeadJobs, client: Client
    ) -> None:
        there = client.get("/admin/doctor/").text
        with dead_messages.override(dead_messages.build("lease://localhost/x")):
            embedded = client.get("/admin/doctor/").text
            page = client.get(PAGE).text

        assert f'href="{PAGE}"' in there
        assert f'href="{PAGE}"' not in embedded
        assert "there is no such queue" in page

    def test_that_is_away_is_said_so(self, client: Client) -> None:
        away = "sqs+http://127.0.0.1:9/000000000000/test-"
        with dead_messages.override(dead_messages.build(away)):
            shown = client.get(PAGE)

        assert shown.status_code == 503
        assert "The queue service can&#x27;t be reached" in shown.text
