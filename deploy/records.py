"""What a release is about, while it is under way, and what became of it.

Beanstalk knows which version an environment has and whether it is changing. It does not know what
the version is that should take its place, which one was there before, or why it was sent back. That
is one small object in Beanstalk's own bucket, beside the bundles: an object, since a verdict with
its numbers is longer than a parameter may be; and one that is only made if there is none, so that
two people can't release at once.
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


class UnderwayError(Exception):
    """Something else is under way already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    kind: str  # "release", "bluegreen" or "rollback"
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

    def as_json(self) -> str:
        told = dataclasses.asdict(self)
        return json.dumps(told, indent=2, default=lambda when: when.isoformat())


def _read(text: str) -> Record:
    told = json.loads(text)
    for name in ("began", "swapped"):
        told[name] = told[name] and datetime.fromisoformat(told[name])
    told["asked"] = {tier: datetime.fromisoformat(when) for tier, when in told["asked"].items()}
    return Record(**told)


def again(record: Record, stage: str) -> str:
    """The command that goes on with it. By the commit: the last one may be another by now."""
    if record.kind == "rollback":
        return f"python -m deploy rollback --stage {stage} --to {record.label}"
    return f"python -m deploy {record.kind} --stage {stage} --commit {record.commit[:12]}"


class Records:
    """One stage's. With `is_dry` nothing is written."""

    def __init__(self, bucket: str, stage: str, *, is_dry: bool = False) -> None:
        self.bucket, self.folder, self.is_dry = bucket, f"tendril/{stage}", is_dry
        self.stage = stage
        self.client: S3Client = boto3.client("s3", config=PATIENT)

    def current(self) -> Record | None:
        """What is under way."""
        try:
            found = self.client.get_object(Bucket=self.bucket, Key=self._current)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        return _read(found["Body"].read().decode())

    def begin(self, record: Record) -> Record:
        """The record, or the one of the same thing that was begun before: then it goes on.

        Raises UnderwayError if it is another thing.
        """
        there = self.current()
        if there is None:
            if self.is_dry:
                return record
            try:
                self._put(self._current, record, IfNoneMatch="*")
            except ClientError as error:
                if error.response["Error"]["Code"] != "PreconditionFailed":
                    raise
                there = self.current() or record  # somebody's, or ours with its answer lost
            else:
                return record
        if (there.kind, there.label) != (record.kind, record.label):
            raise UnderwayError(
                f"a {there.kind} of {there.label} is under way since {there.began:%H:%M} UTC. To go"
                f" on with it: {again(there, self.stage)}; to end it: python -m deploy abandon"
                f" --stage {self.stage}"
            )
        return there

    def keep(self, record: Record) -> Record:
        """What is known now."""
        if not self.is_dry:
            self._put(self._current, record)
        return record

    def end(self, record: Record, outcome: str) -> Record:
        """Write down what became of it. Nothing is under way from then on."""
        record = dataclasses.replace(record, outcome=outcome)
        if not self.is_dry:
            key = f"{self.folder}/releases/{record.began:%Y%m%d-%H%M%S}-{record.label}.json"
            # In this order: what is repeated after a kill writes the same again.
            self._put(key, record)
            self.client.delete_object(Bucket=self.bucket, Key=self._current)
        return record

    def past(self) -> Iterator[Record]:
        """What was ended, the latest first."""
        pages = self.client.get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self.bucket, Prefix=f"{self.folder}/releases/")
        keys = [each["Key"] for page in found for each in page.get("Contents", ())]
        for key in sorted(keys, reverse=True):
            yield _read(self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode())

    @property
    def _current(self) -> str:
        return f"{self.folder}/underway.json"

    def _put(self, key: str, record: Record, **condition: Any) -> None:
        self.client.put_object(
            Bucket=self.bucket,
            Key=key,
            Body=record.as_json().encode(),
            ContentType="application/json",
            **condition,
        )
