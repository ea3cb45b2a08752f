"""Streams for tests: the folder's and Kinesis's, each new and empty."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest

from apps.events.envelope import Envelope
from apps.events.stream import Stream, stream
from apps.events.stream.coding import facts_in
from tests.support import NOON


def fact(pk: int, subject: str = "ticket:1", name: str = "bell.rung", **data: object) -> Envelope:
    return Envelope(
        id=pk,
        name=name,
        version=1,
        subject=subject,
        occurred_at=NOON,
        recorded_at=NOON,
        actor_kind="system",
        actor_id=None,
        causation_id=None,
        correlation_id=uuid.UUID(int=pk),
        depth=0,
        data=data,
    )


def new_kinesis(shards: int = 1) -> str:
    name = f"facts-{uuid.uuid4().hex[:8]}"
    client = boto3.client("kinesis")
    client.create_stream(StreamName=name, ShardCount=shards)
    client.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    return f"kinesis://{name}"


def stream_url(kind: str, folder: Path) -> str:
    return new_kinesis(2) if kind == "kinesis" else f"lines:{folder / 'stream'}"


def build(url: str) -> Stream:
    factory = stream.build(url)
    assert urlsplit(url).scheme in stream.adapters
    return factory


def everything(of: Stream, limit: int = 500) -> list[Envelope]:
    """From the beginning, shard by shard."""
    found = []
    for shard in of.shards():
        after, behind = None, True
        while behind:
            batch = of.read(shard.id, after=after, limit=limit)
            found += [event for record in batch.records for event in facts_in(record)]
            after, behind = batch.position, batch.behind
    return found


@pytest.fixture(params=["lines", "kinesis"])
def streaming(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stream]:
    if request.param == "kinesis":
        request.getfixturevalue("aws")
    with stream.override(build(stream_url(request.param, tmp_path))) as used:
        yield used
