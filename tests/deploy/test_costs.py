"""docs/costs.md: its parameters are the templates' defaults, and its sums are sums."""

from __future__ import annotations

import json
import re
from decimal import ROUND_HALF_UP, Decimal

from apps.ops.metrics.pages import KINDS
from apps.ops.metrics.table import METRICS
from deploy import stacks
from tests.deploy.ebextensions import files_of, value
from tests.deploy.templates import NAMES, parse, text_of

PAGE = (stacks.INFRA.parent / "docs" / "costs.md").read_text()
HOURS = {"hour": 730, "month": 1}
TARGET_TRACKING = 2  # alarms that Auto Scaling makes for one policy, one for each direction


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def defaults() -> dict[str, str]:
    """Of all templates; what several of them take has the same default in each."""
    found: dict[str, str] = {}
    for name in NAMES:
        for parameter, said in parse(text_of(name))["Parameters"].items():
            default = str(said["Default"])
            assert found.setdefault(parameter, default) == default, parameter
    return found


def test_what_is_priced_is_what_the_templates_make() -> None:
    known = defaults()
    priced = re.findall(r"`(\w+)=([\w.-]+)`", " ".join(row[1] for row in rows()))

    assert priced != []
    assert {name: known.get(name) for name, _ in priced} == dict(priced)


def test_every_line_is_its_number_times_its_price() -> None:
    for what, _, number, price, per, month in rows()[:-1]:
        exact = Decimal(number) * Decimal(price) * HOURS[per]
        assert exact.quantize(Decimal("0.01"), ROUND_HALF_UP) == Decimal(month), what


def test_together_is_the_sum() -> None:
    *lines, (what, _, _, _, _, total) = rows()

    assert what == "**Together**"
    assert sum(Decimal(line[5]) for line in lines) == Decimal(total.strip("*"))


def number_of(what: str) -> int:
    (found,) = [row[2] for row in rows() if row[0].startswith(what)]
    return int(found)


def test_figures_and_alarms_are_as_many_as_there_are() -> None:
    """A metric is paid once for each set of dimensions, an alarm for each metric it looks at."""
    own = (
        sum(len(metric.dimensions) for metric in METRICS) + len(KINDS) - 1
    )  # one stands for all pages
    rules = value(files_of("web"), "aws:elasticbeanstalk:healthreporting:system", "ConfigDocument")
    of_health = sum(len(each) for each in json.loads(rules)["CloudWatchMetrics"].values())
    made = [
        *parse(text_of("observability"))["Resources"].values(),
        *files_of("worker")["20-worker.config"]["Resources"].values(),
    ]
    looked_at = [
        sum("MetricStat" in one for one in alarm["Properties"].get("Metrics", [])) or 1
        for alarm in made
        if alarm["Type"] == "AWS::CloudWatch::Alarm"
    ]

    assert number_of("Figures") == own + of_health * len(("web", "worker"))
    assert number_of("Alarms") == sum(looked_at) + TARGET_TRACKING


def test_what_the_page_names_there_is() -> None:
    named = {name.partition("=")[0] for name in re.findall(r"`([A-Z]\w+(?:=[\w.-]+)?)`", PAGE)}

    assert named - defaults().keys() == set()
