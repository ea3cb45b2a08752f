"""Two texts beside each other: which lines and words came and went. Pure; nothing here is HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

Kind = Literal["same", "added", "removed"]
LineKind = Literal["same", "added", "removed", "changed", "skipped"]

CONTEXT = 2  # unchanged lines shown around a change
_ALIKE = 0.4  # from here on two lines are one that was changed
_MOST_WORDS = 2000  # of a line that is compared word by word
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Segment:
    text: str
    kind: Kind = "same"


@dataclass(frozen=True, slots=True)
class Line:
    """A changed line holds what came and what went; a skipped one stands for `count` lines."""

    kind: LineKind
    segments: tuple[Segment, ...] = ()
    count: int = 1


def compare(before: str, after: str) -> list[Line]:
    """How `before` became `after`; unchanged lines far from any change are skipped."""
    old, new = before.splitlines(), after.splitlines()
    matcher = SequenceMatcher(None, old, new, autojunk=len(old) + len(new) > 10 * _MOST_WORDS)
    lines: list[Line] = []
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind == "equal":
            lines.extend(Line("same", (Segment(line),)) for line in new[new_from:new_to])
        else:
            lines.extend(_replaced(old[old_from:old_to], new[new_from:new_to]))
    return list(_folded(lines))


def words(before: str, after: str) -> tuple[Segment, ...]:
    """The same for one line, word by word."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) > _MOST_WORDS:
        return tuple(s for s in (Segment(before, "removed"), Segment(after, "added")) if s.text)
    found: list[Segment] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind == "equal":
            found.append(Segment("".join(new[new_from:new_to])))
            continue
        gone, come = "".join(old[old_from:old_to]), "".join(new[new_from:new_to])
        found.extend([Segment(gone, "removed")] if gone else [])
        found.extend([Segment(come, "added")] if come else [])
    return tuple(found)


def is_different(lines: Sequence[Line]) -> bool:
    return any(line.kind in {"added", "removed", "changed"} for line in lines)


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    for before, after in zip_longest(old, new):
        if before is None:
            yield Line("added", (Segment(after, "added"),))
        elif after is None:
            yield Line("removed", (Segment(before, "removed"),))
        elif _are_alike(before, after):
            yield Line("changed", words(before, after))
        else:
            yield Line("removed", (Segment(before, "removed"),))
            yield Line("added", (Segment(after, "added"),))


def _are_alike(before: str, after: str) -> bool:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if not old or not new or max(len(old), len(new)) > _MOST_WORDS:
        return False
    return SequenceMatcher(None, old, new, autojunk=False).ratio() >= _ALIKE


def _folded(lines: Sequence[Line]) -> Iterator[Line]:
    """Runs of unchanged lines, without those that are further from a change than the context."""
    start = 0
    while start < len(lines):
        if lines[start].kind != "same":
            yield lines[start]
            start += 1
            continue
        end = start
        while end < len(lines) and lines[end].kind == "same":
            end += 1
        head = lines[start : start + (CONTEXT if start else 0)]
        tail = lines[max(end - CONTEXT, start) : end] if end < len(lines) else ()
        hidden = (end - start) - len(head) - len(tail)
        if hidden > 1:
            yield from head
            yield Line("skipped", count=hidden)
            yield from tail
        else:
            yield from lines[start:end]
        start = end
