from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured

from apps.insights.figures import KEEP, FiguresAwayError, Place
from apps.insights.reducing import Counted, Counts, total
from apps.kernel import aws
from apps.kernel.ports import Location

# A minute is this many items, so that none grows to the 400 KB that DynamoDB takes: 6 bytes a fact.
BUCKETS = 4
FACTS_A_WRITE = 40  # an expression holds 4 KB
_FACTS, _EXPIRES = "facts", "expires_at"
_KEYS = {"pk", "sk", _FACTS, _EXPIRES}


class DynamoFigures:
    """Amazon DynamoDB: `dynamodb://<table>`, with keys pk and sk, and expires_at to live until.

    One item holds a part of a minute: its counts, and the set of the facts that are in them. Adding
    facts is one conditional write of that item, which counts all of them or, if one is in already,
    none, and then says which are in (ADR 39).
    """

    def __init__(self, location: Location) -> None:
        self.table = location.netloc
        if not self.table:
            raise ImproperlyConfigured(f"FIGURES_URL={location.geturl()!r}: use dynamodb://<table>")

    def add(self, minute: datetime, counted: Counted) -> None:
        buckets: dict[int, list[int]] = defaultdict(list)
        for pk in sorted(counted):
            buckets[pk % BUCKETS].append(pk)
        for bucket, ids in buckets.items():
            key = _key_of(minute, bucket)
            for start in range(0, len(ids), FACTS_A_WRITE):
                self._add(key, minute, ids[start : start + FACTS_A_WRITE], counted)

    def _add(
        self, key: dict[str, Any], minute: datetime, ids: Sequence[int], counted: Counted
    ) -> None:
        left = set(ids)
        while left:
            try:
                self._write(key, minute, sorted(left), total(counted[pk] for pk in left))
            except _RefusedError as error:
                known = left & {int(pk) for pk in error.item[_FACTS]["NS"]}
                if not known:
                    raise FiguresAwayError(f"{key} refuses what it lacks: {left}") from error
                left -= known
            else:
                return

    def _write(
        self, key: dict[str, Any], minute: datetime, ids: Sequence[int], counts: Counts
    ) -> None:
        """Write all or, raising _RefusedError, none."""
        names = {f"#n{place}": name for place, name in enumerate(counts)}
        values: dict[str, Any] = {
            f":n{place}": {"N": str(count)} for place, count in enumerate(counts.values())
        }
        values |= {f":f{place}": {"N": str(pk)} for place, pk in enumerate(ids)}
        values[":facts"] = {"NS": [str(pk) for pk in ids]}
        values[":expires"] = {"N": str(int((minute + KEEP).timestamp()))}
        adding = ", ".join(f"#n{place} :n{place}" for place in range(len(counts)))
        with _told():
            self._client.update_item(
                TableName=self.table,
                Key=key,
                UpdateExpression=f"SET {_EXPIRES} = :expires ADD {_FACTS} :facts, {adding}",
                ConditionExpression=" AND ".join(
                    f"NOT contains({_FACTS}, :f{place})" for place in range(len(ids))
                ),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )

    def between(self, since: datetime, until: datetime) -> dict[datetime, Counts]:
        found: dict[datetime, Counter[str]] = defaultdict(Counter)
        hour = since.replace(minute=0, second=0, microsecond=0)
        while hour < until:
            for item in self._hour(hour, since, until):
                minute = datetime.fromisoformat(item["sk"]["S"].partition("#")[0])
                for name in item.keys() - _KEYS:
                    found[minute][name] += int(item[name]["N"])
            hour += timedelta(hours=1)
        return {minute: dict(counts) for minute, counts in found.items()}

    def _hour(self, hour: datetime, since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        with _told():
            pages = self._client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :since AND :until",
                ExpressionAttributeValues={
                    ":pk": {"S": _hour_key(hour)},
                    ":since": {"S": _utc(since)},
                    ":until": {"S": _utc(until)},  # no item has a key without a bucket
                },
            )
            for page in pages:
                yield from page["Items"]

    def take(self, shard: str, *, owner: str, now: datetime, until: datetime) -> Place | None:
        try:
            with _told():
                answer = self._client.update_item(
                    TableName=self.table,
                    Key=_place_key(shard),
                    UpdateExpression="SET held_by = :owner, leased_until = :until",
                    ConditionExpression="attribute_not_exists(held_by) OR held_by = :owner"
                    " OR leased_until <= :now",
                    ExpressionAttributeValues={
                        ":owner": {"S": owner},
                        ":until": {"N": str(until.timestamp())},
                        ":now": {"N": str(now.timestamp())},
                    },
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except _RefusedError as error:
            place = _place_in(error.item)
            return place if place.ended else None
        return _place_in(answer["Attributes"])

    def keep(self, shard: str, place: Place, *, owner: str) -> bool:
        values: dict[str, Any] = {":owner": {"S": owner}, ":ended": {"BOOL": place.ended}}
        setting = "SET ended = :ended"
        if place.position is not None:
            setting += ", reached = :reached"
            values[":reached"] = {"S": place.position}
        try:
            with _told():
                self._client.update_item(
                    TableName=self.table,
                    Key=_place_key(shard),
                    UpdateExpression=setting,
                    ConditionExpression="held_by = :owner",
                    ExpressionAttributeValues=values,
                )
        except _RefusedError:
            return False
        return True

    @property
    def _client(self) -> Any:
        # A page asks too, every half minute: it must not wait for one that hangs.
        return aws.client("dynamodb", read=2, attempts=2)


class _RefusedError(Exception):
    """The condition does not hold. `item` is what stands there."""

    def __init__(self, item: Any) -> None:
        super().__init__()
        self.item: dict[str, Any] = item or {}


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            raise _RefusedError(dict(error.response).get("Item")) from error
        raise FiguresAwayError(str(error)) from error
    except BotoCoreError as error:
        raise FiguresAwayError(str(error)) from error


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="minutes")


def _hour_key(moment: datetime) -> str:
    return f"figures {moment.astimezone(UTC):%Y-%m-%dT%H}"


def _key_of(minute: datetime, bucket: int) -> dict[str, Any]:
    return {"pk": {"S": _hour_key(minute)}, "sk": {"S": f"{_utc(minute)}#{bucket}"}}


def _place_key(shard: str) -> dict[str, Any]:
    return {"pk": {"S": "places"}, "sk": {"S": shard}}


def _place_in(item: dict[str, Any]) -> Place:
    reached = item.get("reached", {}).get("S")
    return Place(reached, ended=item.get("ended", {}).get("BOOL", False))
