"""What is measured. Pure data, from which everything else is made.

What may be emitted (apps.ops.metrics.recording), the dashboard and, with apps.ops.metrics.alarms,
the alarms and their runbooks (infra/observability.yaml and docs/alarms.md, by `manage.py
observability --write`).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

NAMESPACE = "Tendril"
STAGE, BUILD, PAGE = "Stage", "Build", "Page"
SLOW = 1000  # milliseconds: the line over which a request counts as slow, for every build alike
# Each set of dimensions is a metric of its own to CloudWatch, and is paid for.
PLAIN = ((STAGE,),)
BY_BUILD = ((STAGE,), (STAGE, BUILD))  # what old and new are compared by while both run
BY_PAGE = ((STAGE,), (STAGE, BUILD), (STAGE, PAGE))


class Kind(enum.StrEnum):
    """COUNT: how often; VALUE: each one's, for percentiles; GAUGE: how it stands, once a minute."""

    COUNT = "count"
    VALUE = "value"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of the desk's own. `unit` is CloudWatch's; `chart` is where the dashboard has it."""

    name: str
    unit: str
    kind: Kind
    chart: str
    says: str
    dimensions: tuple[tuple[str, ...], ...] = PLAIN


_C, _V, _G = Kind.COUNT, Kind.VALUE, Kind.GAUGE
METRICS = (
    Metric("Requests", "Count", _C, "Requests", "pages and calls that were answered; no health checks", BY_BUILD),
    Metric("ServerErrors", "Count", _C, "Requests", "those answered with 5xx", BY_BUILD),
    Metric("SlowRequests", "Count", _C, "Requests", f"those that took longer than {SLOW} ms", BY_BUILD),
    Metric("Latency", "Milliseconds", _V, "Latency", "from the first middleware to the answer", BY_PAGE),
    Metric("SignIns", "Count", _C, "People", "people who signed in", BY_BUILD),
    Metric("TicketsRaised", "Count", _C, "Tickets", "new tickets, from every channel", BY_BUILD),
    Metric("RepliesSent", "Count", _C, "Tickets", "answers that agents sent, counted where they pressed the button", BY_BUILD),
    Metric("TicketsSolved", "Count", _C, "Tickets", "tickets that were solved"),
    Metric("TicketsReopened", "Count", _C, "Tickets", "solved tickets that were not"),
    Metric("FirstResponseTime", "Seconds", _V, "First response", "from raising to the first answer by a person"),
    Metric("Backlog", "Count", _G, "Backlog", "tickets that are open, whoever has them"),
    Metric("OldestUnanswered", "Seconds", _G, "Unanswered", "how long the customer has waited who waits longest"),
    Metric("Deflections", "Count", _C, "People", "requests that an article made unnecessary"),
    Metric("RatingScore", "None", _V, "Ratings", "what customers gave, 1 to 5"),
    Metric("JournalLag", "Seconds", _G, "Facts and jobs", "how long the oldest fact waits that is due to a subscriber"),
    Metric("StreamLag", "Seconds", _G, "Facts and jobs", "how old the oldest fact is that the stream has not had"),
    Metric("JobWait", "Seconds", _V, "Facts and jobs", "how long a job waited between being sent and being begun"),
    Metric("JobsFailed", "Count", _C, "Failures", "jobs that ended in an error, each time"),
    Metric("ParkedDeliveries", "Count", _G, "Failures", "deliveries of facts that were given up"),
    Metric("DeadJobs", "Count", _G, "Failures", "jobs that were given up"),
    Metric("MailLag", "Seconds", _G, "Mail", "how long the oldest mail waits that is due to go out"),
    Metric("MailsGivenUp", "Count", _C, "Mail", "outgoing mails that were given up"),
    Metric("DegradedParts", "Count", _G, "Failures", "parts that fail and that the desk does without: cache, files"),
)  # fmt: skip
BY_NAME = {metric.name: metric for metric in METRICS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A metric to look at: one of the desk's, or of AWS's by namespace and dimensions.

    Values of dimensions are texts for CloudFormation's Fn::Sub; `exported` is what another stack
    exports, for ${Exported} in them.
    """

    name: str
    statistic: str
    namespace: str = NAMESPACE
    dimensions: Mapping[str, str] = field(default_factory=lambda: {STAGE: "${Stage}"})
    exported: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """`periods` of `period` seconds, of which `points` must be over the threshold, or `below` it.

    `missing` says what no data means, in CloudWatch's words. `ratio_of`: the threshold is per cent
    of that metric, from `least` of it on. `felt`: customers feel it, so that it counts for the one
    alarm that may wake somebody. `elsewhere`: nothing of the kind stands in a local AWS.
    """

    name: str
    of: Source
    threshold: float
    says: str
    means: str
    look: tuple[str, ...]
    do: tuple[str, ...]
    period: int = 60
    periods: int = 5
    points: int = 5
    missing: str = "notBreaching"
    ratio_of: Source | None = None
    least: int = 0
    below: bool = False
    felt: bool = False
    elsewhere: bool = False


def own(name: str, statistic: str) -> Source:
    return Source(name=name, statistic=statistic)
