"""What a type is made of, as a short text that changes when its fields do. Pure.

Two releases share one cache for as long as a release takes. A dataclass is pickled field by field:
one that was kept before a field was added is read without it, and who wants the field fails.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

DIGITS = 10  # of a hexadecimal number: enough for the few shapes that one key ever has


@functools.cache
def shape_of(kind: Any) -> str:
    """A digest of a type, such as `dict[int, Board]`, with all dataclasses that it leads to.

    Raises NameError where an annotation names what its module doesn't import.
    """
    lines = [str(kind), *(_told(each) for each in dataclasses_of(kind))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:DIGITS]


def dataclasses_of(kind: Any) -> list[type]:
    """Those that values of a type may consist of, itself among them, in order of their names."""
    found: set[type] = set()
    waiting = [kind]
    while waiting:
        one = waiting.pop()
        waiting += get_args(one)
        if isinstance(one, type) and is_dataclass(one) and one not in found:
            found.add(one)
            waiting += [hint for _, hint in _fields(one)]
    return sorted(found, key=_name)


def _told(kind: type) -> str:
    return f"{_name(kind)}({', '.join(f'{name}: {hint}' for name, hint in _fields(kind))})"


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _fields(kind: type) -> Iterator[tuple[str, Any]]:
    hints = get_type_hints(kind)
    return ((field.name, hints[field.name]) for field in fields(kind))
