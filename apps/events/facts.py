"""What a fact is: past tense, a subject, and plain values known at the time."""

from __future__ import annotations

import enum
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from django.utils.functional import Promise

from apps.events.envelope import Envelope

_NAMING_LAW = re.compile(r"[a-z]+\.[a-z]+(_[a-z]+)*")
_PLAIN = (str, int, float, bool, type(None))
_registry: dict[str, type[Fact]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened to `subject` ("ticket:42").

    Subclasses are frozen keyword-only dataclasses with a `name` ("ticket.raised"), a schema
    `version`, and fields of plain types: str, int, float, bool, None and tuples of those. A field
    may be added with a default; any other change is a new version (see contracts/facts.json).
    `words` tell an administrator, who chooses what a webhook hears of, what has happened.
    """

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    words: ClassVar[str | Promise] = ""
    subject: str

    def __init_subclass__(cls) -> None:
        if not _NAMING_LAW.fullmatch(cls.name):
            raise TypeError(f"{cls.__qualname__}.name={cls.name!r}: say noun.past_participle")
        known = _registry.setdefault(cls.name, cls)
        if known.__qualname__ != cls.__qualname__:
            raise TypeError(f"{cls.name} is {known.__qualname__} already")
        _registry[cls.name] = cls  # slots=True makes the class twice: keep the last

    def data(self) -> dict[str, Any]:
        """The plain values, without the subject, ready for JSON."""
        values = {}
        for name in (f.name for f in fields(self) if f.name != "subject"):
            value = getattr(self, name)
            if isinstance(value, enum.Enum):
                value = value.value
            if not is_plain(value):
                raise TypeError(f"{self.name}.{name}={value!r}: facts carry plain values only")
            values[name] = value
        return values

    @classmethod
    def read(cls, envelope: Envelope) -> Self:
        """The fact that an envelope of this name carries."""
        known = {f.name: f.type for f in fields(cls)}
        values = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in envelope.data.items()
            if key in known
        }
        return cls(subject=envelope.subject, **values)


def is_plain(value: object) -> bool:
    if isinstance(value, tuple):
        return all(is_plain(item) for item in value)
    return type(value) in _PLAIN


def registered() -> dict[str, type[Fact]]:
    """Every fact of the desk by its name."""
    return dict(sorted(_registry.items()))


def schema(fact: type[Fact]) -> dict[str, Any]:
    """The fact's contract: version and the type of each field, as text."""
    hints = typing.get_type_hints(fact)
    return {
        "version": fact.version,
        "fields": {f.name: spell(hints[f.name]) for f in fields(fact) if f.name != "subject"},
    }


def spell(hint: Any) -> str:
    """A type of what is sent as JSON, in words."""
    if isinstance(hint, types.UnionType):
        return " | ".join(sorted(spell(part) for part in hint.__args__))
    if typing.get_origin(hint) in {tuple, list}:
        return f"list of {spell(typing.get_args(hint)[0])}"
    if typing.get_origin(hint) is Mapping:
        return "object"
    if typing.is_typeddict(hint):
        parts = typing.get_type_hints(hint).items()
        return f"{{{', '.join(f'{name}: {spell(part)}' for name, part in parts)}}}"
    if hint is type(None):
        return "null"
    return str(hint.__name__)
