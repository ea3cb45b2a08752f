"""A type's shape: another one as soon as anything differs that a pickled value depends on."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from typing import Any

import pytest

from apps.kernel.shapes import dataclasses_of, shape_of


@dataclass
class Leaf:
    size: int


@dataclass
class Tree:
    leaves: dict[str, tuple[Leaf, ...]]
    parent: Tree | None


def made(*fields: tuple[str, Any], name: str = "Made") -> type:
    return make_dataclass(name, fields, namespace={"__module__": __name__})


def test_leads_through_containers_and_to_itself() -> None:
    assert dataclasses_of(list[Tree | None]) == [Leaf, Tree]
    assert dataclasses_of(dict[str, int]) == []


def test_is_the_same_in_each_process() -> None:
    assert shape_of(made(("a", int))) == shape_of(made(("a", int))) == "6e010519b9"


@pytest.mark.parametrize(
    "other",
    [
        made(("a", int), ("b", str), ("c", int)),
        made(("a", int)),
        made(("b", str), ("a", int)),
        made(("a", int), ("renamed", str)),
        made(("a", int), ("b", str | None)),
        made(("a", int), ("b", str), name="Renamed"),
    ],
)
def test_is_another_with_other_fields(other: type) -> None:
    kept = made(("a", int), ("b", str))

    assert shape_of(other) != shape_of(kept)
    assert shape_of(dict[int, other]) != shape_of(dict[int, kept])  # type: ignore[valid-type]
    assert shape_of(made(("inside", other))) != shape_of(made(("inside", kept)))
