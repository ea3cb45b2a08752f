"""What people type into the search box, as words and filters. Pure and total: any text is fine.

card "exact words" -without status:open,pending team:"Card services" -tag:vip created:7d #123
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.search import words
from apps.search.expressions import Expression, Or, Phrase

LONGEST = 400  # characters that are read
MOST_TERMS = 12
MOST_FILTERS = 12
MOST_VALUES = 20
_NUMBER = re.compile(r"\s*(#?)\s*([0-9]{1,18})\s*")
_PART = re.compile(
    r"""(?P<minus>-?)
        (?:(?P<name>[A-Za-z][A-Za-z_]*):(?!//))?
        (?:"(?P<exact>[^"]*)"? | (?P<plain>[^\s"]+))""",
    re.VERBOSE,
)
_MARKS = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "\0": " "})


@dataclass(frozen=True, slots=True)
class Term:
    """One or more words that stand together; with `prefix` the last may go on."""

    found: tuple[words.Found, ...]
    negated: bool = False
    prefix: bool = False

    @property
    def expression(self) -> Expression:
        whole = Phrase(tuple(word.stem for word in self.found))
        if not self.prefix:
            return whole
        begun = Phrase((*whole.words[:-1], self.found[-1].folded), prefix=True)
        return Or((whole, begun))


@dataclass(frozen=True, slots=True)
class Filter:
    """`name:value`, as typed: the name in lower case, the values not empty."""

    name: str
    values: tuple[str, ...]
    negated: bool = False

    def __str__(self) -> str:
        return f"{'-' * self.negated}{self.name}:{','.join(self.values)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """`number` is a ticket's number if that is all that was typed; `#` says that it is one."""

    terms: tuple[Term, ...] = ()
    filters: tuple[Filter, ...] = ()
    number: int | None = None
    is_surely_number: bool = False
    is_cut: bool = False  # more was typed than is searched

    @property
    def wanted(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if not term.negated)


def parse(text: str) -> Query:
    number = _NUMBER.fullmatch(text)
    terms: list[Term] = []
    filters: list[Filter] = []
    read = text[:LONGEST].translate(_MARKS)
    for part in _PART.finditer(read):
        if part["name"] and (values := _values(part)):
            filters.append(Filter(part["name"].lower(), values, negated=bool(part["minus"])))
            continue
        found = tuple(words.words(part["exact"] if part["exact"] is not None else part[0]))
        if found:
            is_last = part.end() == len(read) and part["exact"] is None
            negated = bool(part["minus"])
            terms.append(Term(found, negated=negated, prefix=is_last and not negated))
    return Query(
        terms=tuple(terms[:MOST_TERMS]),
        filters=tuple(filters[:MOST_FILTERS]),
        number=int(number[2]) if number else None,
        is_surely_number=bool(number and number[1]),
        is_cut=len(text) > LONGEST or len(terms) > MOST_TERMS or len(filters) > MOST_FILTERS,
    )


def _values(part: re.Match[str]) -> tuple[str, ...]:
    if part["exact"] is not None:
        return (part["exact"].strip(),) if part["exact"].strip() else ()
    values = (value for value in part["plain"].split(",") if value)
    return tuple(values)[:MOST_VALUES]
