"""The list of all that the desk caches, held to the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from apps.accounts.identity import adapters, keys
from apps.kernel import caching
from apps.kernel.caching import Computed, Noted
from apps.ops import health
from project import parameters
from tests.project.test_house import ROOT, sources

# What keeps something in a process without being a `Kept`, and how long: all that is known of.
OTHERS = {
    "accounts.identity.keys.Keys": (keys.FRESH, keys.STALE),
    "accounts.identity.adapters._sign_out_of": (adapters.KEPT,),
    "ops.health.Watch": (int(health.KEEP),),
    "project.parameters.renewing": (parameters.RENEWED_AFTER,),
}


def listed(heading: str) -> dict[str, list[str]]:
    """Rows of the table under this head of its first column, by what that says."""
    _, _, text = (caching.__doc__ or "").partition(f"| {heading} |")
    table = text.split("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {row[0].partition(":")[0]: row[1:] for row in rows}


def test_each_entry_of_a_cache_is_listed_with_its_age() -> None:
    entries = {
        name: entry for name, entry in vars(caching).items() if isinstance(entry, (Computed, Noted))
    }

    assert {name: f"{entry.seconds} s" for name, entry in entries.items()} == {
        name: age for name, (_, age, _) in listed("what").items()
    }


def test_each_fact_that_forgets_is_listed() -> None:
    rows = listed("what")

    assert all(fact in rows["BOARD"][2] for fact in caching.BOARD.facts)
    assert caching.DIRECTORY.facts
    assert "its facts" in rows["DIRECTORY"][2]
    assert (caching.HOUR.facts, rows["HOUR"][2]) == ((), "nothing")


def kept_in(tree: ast.Module) -> Iterator[str]:
    """Names of values that a module keeps; one without a name is told by its line."""
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "apps.kernel.kept"
        for alias in node.names
    }
    named = {
        id(node.value): ast.unparse(
            node.targets[0] if isinstance(node, ast.Assign) else node.target
        )
        for node in tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names & {"Kept"}:
            yield named.get(id(node), f"line {node.lineno}")


def all_kept() -> set[str]:
    return {
        f"{_module(path)}.{name}".removeprefix("apps.")
        for path in sources()
        for name in kept_in(ast.parse(path.read_text()))
    }


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def test_each_value_that_a_process_keeps_is_listed_with_its_age() -> None:
    rows = listed("where")

    assert set(rows) == all_kept() | set(OTHERS)
    for name, (_, age, _) in rows.items():
        if name in OTHERS:
            assert tuple(map(int, re.findall(r"(\d+) s", age))) == OTHERS[name], name
        else:
            assert age == "KEPT_SECONDS", name


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_listed_is_there(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    where = module if module.startswith("project.") else f"apps.{module}"

    assert hasattr(import_module(where), attribute)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from apps.kernel.kept import Kept\nrows: Kept[int] = Kept(load)", ["rows"]),
        ("from apps.kernel.kept import Kept\nrows = Kept(load)", ["rows"]),
        ("from apps.kernel.kept import Kept\ndef f():\n    return Kept(load)", ["line 3"]),
        ("from apps.mail.inbox import Kept\nrows = Kept(load)", []),
    ],
)
def test_the_rule_finds_what_is_kept(text: str, found: list[str]) -> None:
    assert list(kept_in(ast.parse(text))) == found
