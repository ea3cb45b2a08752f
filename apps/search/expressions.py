"""What an index is asked, as a small tree that every adapter translates. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of the text, one after the other; of the last one only the beginning if `prefix`."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """A mark of the document that is no text: who may read it, its team, its status."""

    name: str


@dataclass(frozen=True, slots=True)
class And:
    """At least one part is no Not."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """No part is a Not."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Stands inside an And only: an index finds what is there, not what isn't."""

    part: Expression


Expression: TypeAlias = Phrase | Key | And | Or | Not


def any_key(names: Iterable[str]) -> Or:
    return Or(tuple(Key(name) for name in sorted(names)))
