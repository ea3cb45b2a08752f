"""The tables as a page for people: docs/alarms.md. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from apps.ops.metrics.alarms import ALARMS
from apps.ops.metrics.cloud import ILL
from apps.ops.metrics.table import METRICS, Alarm, Source

_MISSING = {
    "breaching": "counts as the alarm",
    "notBreaching": "counts as in order",
    "ignore": "changes nothing",
    "missing": "ends in “insufficient data”",
}
_HEAD = """# Alarms, and what to do

Made by `manage.py observability --write` from apps/ops/metrics; change it there.

Each alarm opens one ticket on the desk itself, in the category *Alarms*: solved when the alarm is
over, opened again when it comes back (ADR 51). One of them, *{ill}*, goes to the pager instead: it
stands while one does that customers feel, marked here with ●.
Names in an account are `tendril-<stage>-<name>`.
"""


def page() -> str:
    felt = [alarm.name for alarm in ALARMS if alarm.felt]
    parts = [
        _HEAD.format(ill=ILL),
        f"## {ILL}\n\nOne of {', '.join(f'*{name}*' for name in felt)} stands: go there.\n",
        *(_alarm(alarm) for alarm in ALARMS),
        "## Figures\n",
        "\n".join(_figures()),
    ]
    return "\n".join(parts) + "\n"


def _alarm(alarm: Alarm) -> str:
    lines = [
        f"## {alarm.name}{' ●' if alarm.felt else ''}",
        "",
        f"**{alarm.says[0].upper()}{alarm.says[1:]}.** {alarm.means}",
        "",
        f"{_rule(alarm)} No data {_MISSING[alarm.missing]}.",
        "",
        *_listed("Look at", alarm.look),
        "",
        *_listed("Then", alarm.do),
        "",
    ]
    return "\n".join(lines)


def _rule(alarm: Alarm) -> str:
    what = _spelt(alarm.of)
    if alarm.ratio_of is not None:
        what = f"{what} in per cent of {_spelt(alarm.ratio_of)} (from {alarm.least} on)"
    sign = "<" if alarm.below else "≥"
    many = f"{alarm.points} of {alarm.periods} periods" if alarm.periods > 1 else "one period"
    return f"{what} {sign} {alarm.threshold:g}, {many} of {alarm.period} s."


def _spelt(source: Source) -> str:
    return f"`{source.namespace}` {source.name} ({source.statistic})"


def _listed(title: str, steps: tuple[str, ...]) -> Iterator[str]:
    yield f"{title}:"
    yield ""
    for step in steps:
        yield f"- {step}"


def _figures() -> Iterator[str]:
    yield "| Figure | Unit | By | What it says |"
    yield "|---|---|---|---|"
    for metric in METRICS:
        by = ", ".join(dict.fromkeys(name for one in metric.dimensions for name in one))
        yield f"| {metric.name} | {metric.unit} | {by} | {metric.says} |"
