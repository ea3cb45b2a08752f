"""Figures of this process for CloudWatch, or nowhere: METRICS_URL.

none:                      nobody counts, and counting costs nothing
lines:/path/to/file        a line each, for whoever wants to look
emf:                       on standard output: for containers, whose lines are log events as such
emf+tcp://127.0.0.1:25888  to the CloudWatch agent: Beanstalk puts time and host before each line of
                           standard output, and CloudWatch reads figures from whole JSON alone

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from apps.kernel.ports import Port


class Sink(Protocol):
    """Takes documents of the embedded metric format, each one line of JSON without its end."""

    def write(self, documents: Sequence[str]) -> None:
        """All of them, or OSError: then some may have been taken."""


sinks = Port[Sink](
    "METRICS_URL",
    {
        "none": "apps.ops.metrics.adapters.Nowhere",
        "lines": "apps.ops.metrics.adapters.Lines",
        "emf": "apps.ops.metrics.adapters.Output",
        "emf+tcp": "apps.ops.metrics.adapters.Agent",
    },
)
