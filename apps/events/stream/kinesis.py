from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured

from apps.events.stream import MAX_RECORDS, Batch, Record, Shard, StreamAwayError
from apps.kernel import aws
from apps.kernel.ports import Location

CALL_BYTES = 5 * 1024 * 1024  # of one PutRecords, keys counted
_TIME = "at:"  # a position that is a time, in seconds, and no record's
_SKEW = 60  # seconds that our clock may be ahead of Kinesis's


class KinesisStream:
    """Amazon Kinesis: `kinesis://<stream name>`. Partition key is the subject.

    PutRecords may take a record and refuse one before it, so that no call holds two of a subject:
    all facts of a subject in a call are one record (ADR 39). A position is a sequence number, or a
    time where no record is known yet.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        self.name = location.netloc
        if not self.name:
            raise ImproperlyConfigured(f"STREAM_URL={location.geturl()!r}: use kinesis://<stream>")
        self._iterators: dict[tuple[str, str | None], str] = {}

    def put(self, records: Sequence[Record]) -> frozenset[int]:
        refused: set[int] = set()
        for places in _calls(records):
            with _told():
                answer = self._client.put_records(
                    StreamName=self.name,
                    Records=[
                        {"PartitionKey": records[n].subject, "Data": records[n].data}
                        for n in places
                    ],
                )
            refused |= {
                n
                for n, result in zip(places, answer["Records"], strict=True)
                if "ErrorCode" in result
            }
        return frozenset(refused)

    def shards(self) -> list[Shard]:
        with _told():
            pages = self._client.get_paginator("list_shards").paginate(StreamName=self.name)
            found = [shard for page in pages for shard in page["Shards"]]
        names = ("ParentShardId", "AdjacentParentShardId")
        return [
            Shard(one["ShardId"], tuple(one[name] for name in names if one.get(name)))
            for one in found
        ]

    def read(self, shard: str, *, after: str | None, limit: int = MAX_RECORDS) -> Batch:
        with _told():
            answer = self._records(shard, after, limit)
        records = answer["Records"]
        position = records[-1]["SequenceNumber"] if records else after
        following = answer.get("NextShardIterator")
        if following:
            self._iterators[shard, position] = following
        return Batch(
            tuple(Record(one["PartitionKey"], one["Data"]) for one in records),
            position,
            behind=bool(following) and answer.get("MillisBehindLatest", 0) > 0,
            ended=not following,
        )

    def tip(self, shard: str) -> str:  # noqa: ARG002 - a time is one in each of them
        return f"{_TIME}{time.time() - _SKEW:.3f}"

    def _records(self, shard: str, after: str | None, limit: int) -> Any:
        iterator = self._iterators.pop((shard, after), None)
        if iterator is not None:
            try:
                return self._client.get_records(ShardIterator=iterator, Limit=limit)
            except self._client.exceptions.ExpiredIteratorException:
                pass  # five minutes have passed
        made = self._client.get_shard_iterator(
            StreamName=self.name, ShardId=shard, **_beginning(after)
        )
        return self._client.get_records(ShardIterator=made["ShardIterator"], Limit=limit)

    @property
    def _client(self) -> Any:
        return aws.client("kinesis")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StreamAwayError(str(error)) from error


def _beginning(after: str | None) -> dict[str, Any]:
    if after is None:
        return {"ShardIteratorType": "TRIM_HORIZON"}
    if after.startswith(_TIME):
        moment = float(after.removeprefix(_TIME))
        return {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": moment}
    return {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after}


def _calls(records: Sequence[Record]) -> Iterator[list[int]]:
    """The records' places, as many together as one call takes."""
    places: list[int] = []
    size = 0
    for place, record in enumerate(records):
        own = len(record.data) + len(record.subject.encode())
        if places and (size + own > CALL_BYTES or len(places) == MAX_RECORDS):
            yield places
            places, size = [], 0
        places.append(place)
        size += own
    if places:
        yield places
