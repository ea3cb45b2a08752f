"""What a release is about, while it is under way, and what became of it.

Beanstalk knows which version an environment has and whether it is changing. It does not know what
the version is that should take its place, which one was there before, or why it was sent back. That
is one small object in Beanstalk's own bucket, beside the bundles: an object, since a verdict with
its numbers is longer than a parameter may be; one that is only made if there is none, so that two
people can't release at once; and one that is changed only by who knows it as it is, so that of two
who go on with the same release (a laptop that was closed, and its owner at another one) one does.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from deploy.beanstalk import PATIENT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


# What S3 answers where a condition does not hold: changed, being changed, gone.
_OTHERWISE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")

CHANGE = "change"  # of options, by `up`
SERVED = ("promoted", "unjudged")  # outcomes of what people were served by


class UnderwayError(Exception):
    """Something else is under way already, or somebody else is at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    kind: str  # "release", "bluegreen", "rollback" or CHANGE
    label: str
    commit: str
    began: datetime
    web: str  # the environment that is live when it begins; "" if there is none yet
    before: dict[str, str] = field(default_factory=dict)  # versions by tier, and the policy
    asked: dict[str, datetime] = field(default_factory=dict)  # when a tier was to change, first
    verdict: dict[str, Any] | None = None
    failure: str = ""  # why it is on its way back: from then on there is no other way
    swapped: datetime | None = None
    outcome: str = ""  # "" while it is under way
    etag: str = field(default="", compare=False)  # S3's, of the object as it is known here

    def as_json(self) -> str:
        told = dataclasses.asdict(self)
        del told["etag"]
        return json.dumps(told, indent=2, default=lambda when: when.isoformat())


def _read(text: str, etag: str) -> Record:
    told = json.loads(text)
    for name in ("began", "swapped"):
        told[name] = told[name] and datetime.fromisoformat(told[name])
    told["asked"] = {tier: datetime.fromisoformat(when) for tier, when in told["asked"].items()}
    return Record(**told, etag=etag)


def again(record: Record, stage: str) -> str:
    """The command that goes on with it. By the commit: the last one may be another by now."""
    if record.kind == "rollback":
        return f"python -m deploy rollback --stage {stage} --to {record.label}"
    if record.kind == CHANGE:
        return f"python -m deploy up --stage {stage} --only application"
    return f"python -m deploy {record.kind} --stage {stage} --commit {record.commit[:12]}"


class Records:
    """One stage's. With `is_dry` nothing is written."""

    def __init__(self, bucket: str, stage: str, *, is_dry: bool = False) -> None:
        self.bucket, self.folder, self.is_dry = bucket, f"tendril/{stage}", is_dry
        self.stage = stage
        self.client: S3Client = boto3.client("s3", config=PATIENT)

    def current(self) -> Record | None:
        """What is under way."""
        return self._get(self._current)

    def begin(self, record: Record) -> Record:
        """The record, or the one of the same thing that was begun before: then it goes on.

        Raises UnderwayError if it is another thing.
        """
        there = self.current()
        if there is None:
            if self.is_dry:
                return record
            if made := self._put(self._current, record, IfNoneMatch="*"):
                return made
            there = self.current()  # somebody's, or ours with its answer lost
            if there is None:
                raise UnderwayError(
                    "somebody else began and ended something just now: run it again"
                )
        if (there.kind, there.label) != (record.kind, record.label):
            raise UnderwayError(
                f"a {there.kind} of {there.label} is under way since {there.began:%H:%M} UTC. To go"
                f" on with it: {again(there, self.stage)}; to end it: python -m deploy abandon"
                f" --stage {self.stage}"
            )
        return there

    def keep(self, record: Record) -> Record:
        """What is known now. Raises UnderwayError where somebody else has gone on with it."""
        if self.is_dry:
            return record
        if kept := self._put(self._current, record, IfMatch=record.etag):
            return kept
        there = self.current()
        if there == record:  # ours, with its answer lost
            return there
        raise _of_somebody_else(record)

    def end(self, record: Record, outcome: str) -> Record:
        """Write down what became of it. Nothing is under way from then on.

        Raises UnderwayError where somebody else has gone on with it, or ended it otherwise.
        """
        record = dataclasses.replace(record, outcome=outcome)
        if self.is_dry:
            return record
        key = f"{self.folder}/releases/{record.began:%Y%m%d-%H%M%S}-{record.label}.json"
        # In this order: who comes after a kill between the two finds the first one done.
        written = self._put(key, record, IfNoneMatch="*") or self._get(key)
        self.forget(record)
        if written and written.outcome != outcome:
            raise UnderwayError(f"{record.label} is written down as {written.outcome} already")
        return record

    def forget(self, record: Record) -> None:
        """Nothing is under way from then on, and nothing tells of it.

        Raises UnderwayError where somebody else has gone on with it.
        """
        if self.is_dry:
            return
        try:
            self.client.delete_object(Bucket=self.bucket, Key=self._current, IfMatch=record.etag)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _OTHERWISE:
                raise
            there = self.current()
            if there and (there.label, there.began) == (record.label, record.began):
                raise _of_somebody_else(record) from error

    def past(self) -> Iterator[Record]:
        """What was ended, the latest first."""
        pages = self.client.get_paginator("list_objects_v2")
        told = pages.paginate(Bucket=self.bucket, Prefix=f"{self.folder}/releases/")
        try:
            keys = [each["Key"] for page in told for each in page.get("Contents", ())]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise
            keys = []
        for key in sorted(keys, reverse=True):
            if found := self._get(key):
                yield found

    @property
    def _current(self) -> str:
        return f"{self.folder}/underway.json"

    def _get(self, key: str) -> Record | None:
        try:
            found = self.client.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            # Beanstalk makes its bucket for the first bundle; whoever only looks makes none.
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket"):
                return None
            raise
        return _read(found["Body"].read().decode(), found["ETag"])

    def _put(self, key: str, record: Record, **condition: Any) -> Record | None:
        """As it is known from then on; None where the condition does not hold."""
        try:
            done = self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=record.as_json().encode(),
                ContentType="application/json",
                **condition,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _OTHERWISE:
                raise
            return None
        return dataclasses.replace(record, etag=done["ETag"])


def _of_somebody_else(record: Record) -> UnderwayError:
    return UnderwayError(
        f"somebody else goes on with the {record.kind} of {record.label}, and this command has"
        " stopped: `status` says where it stands"
    )
