"""What CloudWatch makes of an alarm and of figures, as far as its guide says it.

The local AWS computes with no metrics and knows no composite alarms. How missing data is treated is
from "Configuring how CloudWatch alarms treat missing data" (alarms-and-missing-data.html), whose
tables `test_alarm_states.py` holds this to.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"
BESIDES = 2  # points that are looked at beyond EvaluationPeriods, as in the guide's examples
VALUE = "value"  # the figure of an alarm on one metric; others' have the ids of their queries
Figures = Mapping[str, Sequence[float | None]]  # a value a period, None where none came

_BREACHES: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
}
_SUMS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.GtE: operator.ge,
}


def states(alarm: Mapping[str, Any], figures: Figures) -> list[str]:
    """An alarm's state after each period, from its properties in a template."""
    values = [value(alarm, {name: got[at] for name, got in figures.items()})
              for at in range(len(next(iter(figures.values()))))]  # fmt: skip
    found, state = [], UNKNOWN
    for end in range(1, len(values) + 1):
        state = _next(alarm, values[:end], state)
        found.append(state)
    return found


def value(alarm: Mapping[str, Any], now: Mapping[str, float | None]) -> float | None:
    """What is compared with the threshold in one period."""
    if "Metrics" not in alarm:
        return now[VALUE]
    queries = {each["Id"]: each for each in alarm["Metrics"]}
    (asked,) = (each for each in queries.values() if each["ReturnData"])
    known = {name: now[name] for name, each in queries.items() if "MetricStat" in each}
    found: float | None = _computed(ast.parse(asked["Expression"], mode="eval").body, known)
    return found


def _computed(node: ast.expr, known: Mapping[str, float | None]) -> Any:
    """A point of an expression; None where a metric that it names has none then."""
    match node:
        case ast.Constant(value=number):
            return number
        case ast.Name(id=name):
            return known[name]
        case ast.Call(func=ast.Name(id="MAX"), args=[ast.Call(func=ast.Name(id="METRICS"))]):
            return max((each for each in known.values() if each is not None), default=None)
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            parts = [_computed(each, known) for each in (condition, then, otherwise)]
            return None if None in parts else parts[1] if parts[0] else parts[2]
        case ast.BinOp(left=left, op=op, right=right):
            return _both(op, _computed(left, known), _computed(right, known))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _both(op, _computed(left, known), _computed(right, known))
    raise NotImplementedError(ast.unparse(node))


def _both(op: ast.AST, left: Any, right: Any) -> Any:
    return None if left is None or right is None else _SUMS[type(op)](left, right)


def _next(alarm: Mapping[str, Any], values: Sequence[float | None], state: str) -> str:
    periods, enough = alarm["EvaluationPeriods"], alarm.get("DatapointsToAlarm")
    enough = enough or periods
    breaches, threshold = _BREACHES[alarm["ComparisonOperator"]], alarm["Threshold"]
    known = [breaches(each, threshold) for each in values[-periods - BESIDES :] if each is not None]
    known = known[-periods:]
    missing = periods - len(known)
    treated = alarm.get("TreatMissingData", "missing")
    if missing and treated in {"breaching", "notBreaching"}:
        return ALARM if sum(known) + missing * (treated == "breaching") >= enough else OK
    if sum(known) >= enough:
        return ALARM
    if False in known:
        return OK
    return state if treated == "ignore" else UNKNOWN


def composite(rule: str, now: Mapping[str, str]) -> str:
    """The state of a composite alarm whose rule is one of alarms that are told apart by OR."""
    terms = [re.fullmatch(r'ALARM\("(.+)"\)', term) for term in rule.split(" OR ")]
    return ALARM if any(now[term[1]] == ALARM for term in terms if term) else OK
