"""docs/costs.md: its parameters are the templates' defaults, and its sums are sums."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from deploy import stacks
from tests.deploy.templates import NAMES, parse, text_of

PAGE = (stacks.INFRA.parent / "docs" / "costs.md").read_text()
HOURS = {"hour": 730, "month": 1}


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


def test_what_the_page_names_there_is() -> None:
    named = {name.partition("=")[0] for name in re.findall(r"`([A-Z]\w+(?:=[\w.-]+)?)`", PAGE)}

    assert named - defaults().keys() == set()
