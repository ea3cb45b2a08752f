"""A worker tier in the test's own process: topic, queue, the poster and the page it posts to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from pytest_django.live_server_helper import LiveServer

from apps.events.bus import bus
from apps.events.bus.sns import SnsBus
from deploy import stacks
from deploy.sqsd import Poster


class Tier:
    def __init__(self, to: str) -> None:
        self.sqs, self.sns = boto3.client("sqs"), boto3.client("sns")
        topics = [topic["TopicArn"] for topic in self.sns.list_topics()["Topics"]]
        (self.topic,) = (arn for arn in topics if arn.endswith("-local-facts"))
        self.queue = self.sqs.get_queue_url(QueueName="tendril-local-worker")["QueueUrl"]
        self.poster = Poster(self.queue, to)
        self.bus = bus.build(f"sns://{self.topic}")
        assert isinstance(self.bus, SnsBus)

    def waiting(self) -> list[Any]:
        """What the queue holds, taken from it."""
        found = []
        while messages := self.sqs.receive_message(
            QueueUrl=self.queue,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=0,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages"):
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            found += messages
        return found

    def post(self) -> list[int]:
        """Bring the worker what the queue holds; what it answered."""
        return [self.poster._post(message) for message in self.waiting()]

    def listen(self, **policy: list[str]) -> str:
        """A queue of somebody else's on the topic. Its URL."""
        url = self.sqs.create_queue(QueueName="others")["QueueUrl"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self.sns.subscribe(
            TopicArn=self.topic,
            Protocol="sqs",
            Endpoint=attributes["Attributes"]["QueueArn"],
            Attributes={
                "RawMessageDelivery": "true",
                "FilterPolicy": json.dumps(policy),
            },
        )
        return url


@pytest.fixture
def tier(aws: dict[str, str], settings: Any, live_server: LiveServer) -> Iterator[Tier]:
    settings.ROOT_URLCONF = "project.worker_urls"
    stacks.apply("messaging", stage="local", parameters={})
    made = Tier(f"{live_server.url}/worker/")
    with bus.override(made.bus):
        yield made
