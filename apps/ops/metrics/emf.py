"""Figures of a minute as documents of CloudWatch's embedded metric format. Pure.

A document holds up to a hundred values of a metric, and CloudWatch computes percentiles over all of
them; busier minutes take several. (AWS's own library for Java writes values with their counts; the
specification knows numbers and lists of numbers alone.)
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.ops.metrics.table import BUILD, BY_NAME, NAMESPACE, PAGE, STAGE, Metric

MOST_VALUES = 100  # of one metric in one document


@dataclass(frozen=True, slots=True)
class Series:
    """A metric, and the page that it is of; "" for all of them."""

    metric: str
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Whose figures these are. `build` is empty where none is known."""

    stage: str
    build: str = ""


def documents(
    figures: Mapping[Series, Sequence[float]], *, origin: Origin, at: int
) -> Iterator[str]:
    """Lines of JSON. `at` is the minute's beginning in seconds since 1970; unknown names: KeyError.

    Counts and gauges come as one value each.
    """
    together: dict[tuple[tuple[tuple[str, ...], ...], str], dict[Metric, Sequence[float]]]
    together = defaultdict(dict)
    for series, values in figures.items():
        metric = BY_NAME[series.metric]
        together[_sets(metric, series, origin), series.page][metric] = values
    for (sets, page), found in together.items():
        for part in _parts(found):
            yield json.dumps(_document(part, sets, page, origin, at), separators=(",", ":"))


def _sets(metric: Metric, series: Series, origin: Origin) -> tuple[tuple[str, ...], ...]:
    """The sets of dimensions all of whose values are known."""
    known = {STAGE} | ({BUILD} if origin.build else set()) | ({PAGE} if series.page else set())
    return tuple(one for one in metric.dimensions if known.issuperset(one))


def _parts(
    found: Mapping[Metric, Sequence[float]],
) -> Iterator[dict[Metric, Sequence[float]]]:
    pieces = [
        [(metric, values[first : first + MOST_VALUES]) for first in _starts(values)]
        for metric, values in found.items()
    ]
    for row in itertools.zip_longest(*pieces):
        yield dict(piece for piece in row if piece is not None)


def _starts(values: Sequence[float]) -> Iterable[int]:
    return range(0, len(values), MOST_VALUES)


def _document(
    part: Mapping[Metric, Sequence[float]],
    sets: tuple[tuple[str, ...], ...],
    page: str,
    origin: Origin,
    at: int,
) -> dict[str, Any]:
    told = {STAGE: origin.stage, BUILD: origin.build, PAGE: page}
    used = {name for one in sets for name in one}
    return {
        "_aws": {
            "Timestamp": 1000 * at,
            # For the agent, which otherwise puts them into a group named after the machine.
            "LogGroupName": f"/tendril/{origin.stage}/metrics",
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [list(one) for one in sets],
                    "Metrics": [{"Name": each.name, "Unit": each.unit} for each in part],
                }
            ],
        },
        **{name: value for name, value in told.items() if name in used},
        **{
            each.name: _short(values[0]) if len(values) == 1 else [_short(v) for v in values]
            for each, values in part.items()
        },
    }


def _short(value: float) -> float:
    return round(value, 1)
