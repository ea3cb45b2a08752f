"""The tables as CloudFormation's resources: alarms and the dashboard. Pure: dicts, no YAML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apps.ops.metrics.alarms import ALARMS, AWS
from apps.ops.metrics.table import (
    BUILD,
    METRICS,
    NAMESPACE,
    PAGE,
    STAGE,
    Alarm,
    Kind,
    Metric,
    Source,
)

DOCS = "docs/alarms.md"
ILL = "ill"  # the one alarm that may wake somebody
_STATISTICS = {Kind.COUNT: ("Sum",), Kind.VALUE: ("p50", "p95"), Kind.GAUGE: ("Maximum",)}
_ODD = {"RatingScore": ("Average",), "Latency": ("p50", "p95", "p99")}
_WIDE, _HIGH, _ACROSS = 8, 6, 3


def resources() -> dict[str, Any]:
    """By their logical names, in the order of the tables."""
    made = {_logical(alarm.name): _alarm(alarm) for alarm in ALARMS}
    return {**made, "Ill": _ill(), "Dashboard": _dashboard()}


def name_of(alarm: str) -> str:
    """As CloudWatch has it, for Fn::Sub."""
    return f"tendril-${{Stage}}-{alarm}"


def _logical(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-")) + "Alarm"


def _alarm(alarm: Alarm) -> dict[str, Any]:
    told = {
        "AlarmName": {"Fn::Sub": name_of(alarm.name)},
        "AlarmDescription": f"{alarm.says[0].upper()}{alarm.says[1:]}. {DOCS}#{alarm.name}",
        "ComparisonOperator": (
            "LessThanThreshold" if alarm.below else "GreaterThanOrEqualToThreshold"
        ),
        "Threshold": alarm.threshold,
        "EvaluationPeriods": alarm.periods,
        "DatapointsToAlarm": alarm.points,
        "TreatMissingData": alarm.missing,
        "AlarmActions": [{"Ref": "Alarms"}],
        "OKActions": [{"Ref": "Alarms"}],
    }
    made: dict[str, Any] = {"Type": "AWS::CloudWatch::Alarm"}
    # The local AWS computes with no metrics.
    if alarm.elsewhere or alarm.ratio_of:
        made["Condition"] = "NotLocal"
    whose = _of_ratio(alarm) if alarm.ratio_of else {**_metric(alarm.of), "Period": alarm.period}
    return {**made, "Properties": {**told, **whose}}


def _metric(source: Source) -> dict[str, Any]:
    is_percentile = source.statistic.startswith("p")
    told = {
        "Namespace": source.namespace,
        "MetricName": source.name,
        ("ExtendedStatistic" if is_percentile else "Statistic"): source.statistic,
        "Dimensions": _dimensions(source),
    }
    # The slowest of three requests says nothing of the desk.
    return told | {"EvaluateLowSampleCountPercentile": "ignore"} if is_percentile else told


def _dimensions(source: Source) -> list[dict[str, Any]]:
    return [
        {"Name": name, "Value": {"Fn::Sub": _filled(value, source)}}
        for name, value in source.dimensions.items()
    ]


def _filled(value: str, source: Source) -> str | list[Any]:
    if not source.exported:
        return value
    return [value, {"Exported": {"Fn::ImportValue": {"Fn::Sub": source.exported}}}]


def _of_ratio(alarm: Alarm) -> dict[str, Any]:
    assert alarm.ratio_of is not None
    rate = f"IF(whole >= {alarm.least}, 100 * part / whole, 0)"
    return {
        "Metrics": [
            {"Id": "rate", "Label": alarm.says, "Expression": rate, "ReturnData": True},
            _query("part", alarm.of, alarm.period),
            _query("whole", alarm.ratio_of, alarm.period),
        ]
    }


def _query(name: str, source: Source, period: int) -> dict[str, Any]:
    metric = {
        "Namespace": source.namespace,
        "MetricName": source.name,
        "Dimensions": _dimensions(source),
    }
    return {
        "Id": name,
        "ReturnData": False,
        "MetricStat": {"Metric": metric, "Period": period, "Stat": source.statistic},
    }


def _ill() -> dict[str, Any]:
    felt = [alarm for alarm in ALARMS if alarm.felt]
    rule = " OR ".join(f'ALARM("{name_of(alarm.name)}")' for alarm in felt)
    return {
        "Type": "AWS::CloudWatch::CompositeAlarm",
        "Condition": "NotLocal",
        "DependsOn": [_logical(alarm.name) for alarm in felt],
        "Properties": {
            "AlarmName": {"Fn::Sub": name_of(ILL)},
            "AlarmDescription": f"Customers feel it: one of {len(felt)} alarms. {DOCS}#{ILL}",
            "AlarmRule": {"Fn::Sub": rule},
            "AlarmActions": [{"Ref": "Pager"}],
            "OKActions": [{"Ref": "Pager"}],
        },
    }


def _dashboard() -> dict[str, Any]:
    widgets = [_state(), *_placed(list(_charts()))]
    # A line each, and short: a template that is sent with its call may have 51,200 bytes.
    lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in widgets)
    return {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {
            "DashboardName": {"Fn::Sub": "tendril-${Stage}"},
            "DashboardBody": {"Fn::Sub": f'{{"widgets":[\n{lines}\n]}}'},
        },
    }


def _state() -> dict[str, Any]:
    arn = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"
    alarms = [f"{arn}{name_of(name)}" for name in (ILL, *(alarm.name for alarm in ALARMS))]
    properties = {"title": "Alarms", "alarms": alarms}
    return {"type": "alarm", "x": 0, "y": 0, "width": 24, "height": 4, "properties": properties}


def _placed(charts: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for place, properties in enumerate(charts):
        row, column = divmod(place, _ACROSS)
        yield {
            "type": "metric",
            "x": column * _WIDE,
            "y": 4 + row * _HIGH,
            "width": _WIDE,
            "height": _HIGH,
            "properties": {"region": "${AWS::Region}", "view": "timeSeries", **properties},
        }


def _charts() -> Iterator[dict[str, Any]]:
    yield {"title": "Failed, by build", "metrics": _searched("ServerErrors", BUILD, "Sum")}
    yield {"title": "Latency p95, by build", "metrics": _searched("Latency", BUILD, "p95")}
    yield {"title": "Latency p95, by page", "metrics": _searched("Latency", PAGE, "p95")}
    for chart in dict.fromkeys(metric.chart for metric in METRICS):
        lines = [line for metric in METRICS if metric.chart == chart for line in _lines(metric)]
        yield {"title": chart, "metrics": lines, "period": 60}
    for alarm in AWS:
        # A dashboard takes no imports: what another stack names is found by its alarm's own page.
        if not alarm.of.exported:
            yield {"title": alarm.name, "metrics": [_theirs(alarm.of)], "period": alarm.period}


def _lines(metric: Metric) -> Iterator[list[Any]]:
    for statistic in _statistics(metric):
        label = metric.name if len(_statistics(metric)) == 1 else f"{metric.name} {statistic}"
        yield [NAMESPACE, metric.name, STAGE, "${Stage}", {"stat": statistic, "label": label}]


def _statistics(metric: Metric) -> tuple[str, ...]:
    return _ODD.get(metric.name, _STATISTICS[metric.kind])


def _theirs(source: Source) -> list[Any]:
    flat = [part for pair in source.dimensions.items() for part in pair]
    return [source.namespace, source.name, *flat, {"stat": source.statistic}]


def _searched(metric: str, by: str, statistic: str) -> list[Any]:
    """Every build or page that there is: CloudWatch finds them when the page is opened."""
    which = f"{{{NAMESPACE},{STAGE},{by}}} MetricName={json.dumps(metric)}"
    expression = f"SEARCH('{which} {STAGE}=\"${{Stage}}\"', '{statistic}', 60)"
    return [[{"expression": expression, "label": ""}]]
