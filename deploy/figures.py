"""The figures that a canary is judged by, from CloudWatch.

Each version's figures carry its name (the dimension Build), so that both are had for the same
minutes. A minute counts when it is over and CloudWatch has had time to take it in; asked for all
minutes each time, a figure that comes late is still seen, and a command that was killed starts
with what its forerunner knew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import boto3

from apps.ops.metrics.alarms import ALARMS
from deploy.beanstalk import PATIENT
from deploy.judgement import Figures, Level, Minute
from deploy.names import Desk

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

NAMESPACE = "Tendril"
MINUTE = timedelta(minutes=1)
LATE = timedelta(minutes=2)  # until CloudWatch has a minute's figures from all instances
LOOK_BACK = timedelta(hours=1)  # that the line is taken from
OLDEST = 300  # seconds that a message may wait, before and after
QUEUES = ("worker", "default", "mail")  # `heavy` is meant to wait
# Others begin for reasons of their own (somebody complains of a mail, a cache fills up), and no new
# version is to be sent back for them.
FELT = tuple(alarm.name for alarm in ALARMS if alarm.felt)


class Metrics(Protocol):
    def line(self, build: str, until: datetime) -> float | None:
        """p95 of a version's requests in the hour before, in seconds; None if it has none."""

    def minutes(
        self, *, old: str, new: str, since: datetime, until: datetime, line: float | None
    ) -> list[Minute]:
        """Of every whole minute whose figures are in, the first of them first."""

    def levels(self, since: datetime, until: datetime) -> list[Level]:
        """Queues, and alarms that customers feel, before and by the minute."""


@dataclass(frozen=True, slots=True)
class _Asked:
    metric: str
    statistic: str


def _asked(line: float | None) -> dict[str, _Asked]:
    asked = {
        "requests": _Asked("Requests", "Sum"),
        "failed": _Asked("ServerErrors", "Sum"),
        "raised": _Asked("TicketsRaised", "Sum"),
        "replied": _Asked("RepliesSent", "Sum"),
        "signed_in": _Asked("SignIns", "Sum"),
    }
    if line is not None:
        # Trimmed count: how many values lie above. Latency is in milliseconds.
        asked["slow"] = _Asked("Latency", f"TC({line * 1000:.3f}:)")
    return asked


class CloudWatch:
    """What the desk and AWS's own services report."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.client: CloudWatchClient = boto3.client("cloudwatch", config=PATIENT)

    def line(self, build: str, until: datetime) -> float | None:
        until = _floor(until)
        asked = {"p95": _query("p95", self._of_desk("Latency", build), "p95", LOOK_BACK)}
        found = self._get(asked, until - LOOK_BACK, until)["p95"]
        return next(iter(found.values())) / 1000 if found else None

    def minutes(
        self, *, old: str, new: str, since: datetime, until: datetime, line: float | None
    ) -> list[Minute]:
        since, until = _ceil(since), _floor(until - LATE)
        if until <= since:
            return []
        asked = {
            f"{side}_{name}": _query(
                f"{side}_{name}", self._of_desk(each.metric, build), each.statistic, MINUTE
            )
            for side, build in (("old", old), ("new", new))
            for name, each in _asked(line).items()
        }
        found = self._get(asked, since, until)
        return [
            Minute(old=_figures(found, "old", at), new=_figures(found, "new", at))
            for at in _minutes(since, until)
        ]

    def levels(self, since: datetime, until: datetime) -> list[Level]:
        return [*self._queues(_ceil(since), _floor(until - LATE)), *self._alarms(since, until)]

    def _queues(self, since: datetime, until: datetime) -> list[Level]:
        if until <= since:
            return []
        asked = {
            queue: _query(
                queue,
                {
                    "Namespace": "AWS/SQS",
                    "MetricName": "ApproximateAgeOfOldestMessage",
                    "Dimensions": [
                        {"Name": "QueueName", "Value": f"tendril-{self.desk.stage}-{queue}"}
                    ],
                },
                "Maximum",
                MINUTE,
            )
            for queue in QUEUES
        }
        before = since - timedelta(minutes=5)
        found = self._get(asked, before, until)
        return [
            Level(
                name=f"the oldest message of {queue}, in seconds",
                limit=OLDEST,
                before=max((v for at, v in found[queue].items() if at < since), default=None),
                since=[found[queue].get(at) for at in _minutes(since, until)],
            )
            for queue in QUEUES
        ]

    def _alarms(self, since: datetime, until: datetime) -> list[Level]:
        pages = self.client.get_paginator("describe_alarms")
        found = pages.paginate(AlarmNames=[f"tendril-{self.desk.stage}-{name}" for name in FELT])
        minutes = _minutes(_ceil(since), _floor(until))
        levels = []
        for alarm in (each for page in found for each in page["MetricAlarms"]):
            if alarm["StateValue"] == "INSUFFICIENT_DATA":
                continue
            is_on = alarm["StateValue"] == "ALARM"
            # Only its last turn is known; what it was before that is the opposite.
            turned = alarm.get("StateTransitionedTimestamp", since)
            was_on = is_on if turned <= since else not is_on
            levels.append(
                Level(
                    name=f"alarm {alarm['AlarmName']}",
                    limit=1,
                    before=float(was_on),
                    since=[float(is_on if at >= turned else was_on) for at in minutes],
                )
            )
        return levels

    def _of_desk(self, metric: str, build: str) -> dict[str, Any]:
        return {
            "Namespace": NAMESPACE,
            "MetricName": metric,
            "Dimensions": [
                {"Name": "Stage", "Value": self.desk.stage},
                {"Name": "Build", "Value": build},
            ],
        }

    def _get(
        self, asked: Mapping[str, Any], since: datetime, until: datetime
    ) -> dict[str, dict[datetime, float]]:
        found: dict[str, dict[datetime, float]] = {name: {} for name in asked}
        pages = self.client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=list(asked.values()), StartTime=since, EndTime=until
        )
        for result in (each for page in pages for each in page["MetricDataResults"]):
            times, values = result.get("Timestamps", []), result.get("Values", [])
            found[result["Id"]] |= dict(zip(times, values, strict=True))
        return found


def _query(name: str, metric: Mapping[str, Any], statistic: str, period: timedelta) -> Any:
    seconds = int(period.total_seconds())
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": seconds, "Stat": statistic}}


def _figures(
    found: Mapping[str, Mapping[datetime, float]], side: str, at: datetime
) -> Figures | None:
    if at not in found[f"{side}_requests"]:
        return None
    counts = {
        name: round(found.get(f"{side}_{name}", {}).get(at, 0))
        for name in ("requests", "failed", "slow", "raised", "replied", "signed_in")
    }
    return Figures(**counts)


def _floor(when: datetime) -> datetime:
    return when.replace(second=0, microsecond=0)


def _ceil(when: datetime) -> datetime:
    return _floor(when + MINUTE - timedelta(microseconds=1))


def _minutes(since: datetime, until: datetime) -> list[datetime]:
    return [since + MINUTE * place for place in range((until - since) // MINUTE)]
