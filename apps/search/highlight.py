"""Where the words of a query stand in a text, as safe HTML. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe

from apps.search import words
from apps.search.query import Term

SNIPPET = 220  # characters
READ = 6_000  # characters of a message in which we look
_BEFORE = 60
_MARKUP = re.compile(r"^[ >#]+|[*`|~]+|\b_+|_+\b|\]\(\S*?\)|!?\[", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Marker:
    """What is to be marked: words by their stem, and beginnings."""

    stems: frozenset[str]
    beginnings: tuple[str, ...]

    def marks(self, word: words.Found) -> bool:
        return word.stem in self.stems or word.folded.startswith(self.beginnings)


def marker(terms: Iterable[Term]) -> Marker:
    terms = list(terms)
    return Marker(
        stems=frozenset(word.stem for term in terms for word in term.found),
        beginnings=tuple(term.found[-1].folded for term in terms if term.prefix),
    )


def marked(text: str, marker: Marker) -> SafeString:
    """The whole text, escaped, with its matches marked."""
    html: list[str] = []
    last = 0
    for word in words.words(text):
        if marker.marks(word):
            html.append(escape(text[last : word.start]))
            html.append(f"<mark>{escape(text[word.start : word.end])}</mark>")
            last = word.end
    html.append(escape(text[last:]))
    return mark_safe("".join(html))  # noqa: S308 - every part was escaped


def snippet(texts: Sequence[str], marker: Marker) -> SafeString:
    """The place, out of all texts, where most different words stand; else the first words."""
    best, place, most = "", 0, -1
    for text in texts:
        plain = " ".join(_MARKUP.sub(" ", text[:READ]).split())
        start, matched = _densest(plain, marker)
        if matched > most:
            best, place, most = plain, start, matched
        if most >= len(marker.stems):
            break
    return marked(_cut(best, place), marker)


def _densest(text: str, marker: Marker) -> tuple[int, int]:
    """Where the window with most different words begins, and how many they are."""
    found = [word for word in words.words(text) if marker.marks(word)]
    best, most, first = 0, 0, 0
    for last, word in enumerate(found):
        while word.end - found[first].start > SNIPPET - _BEFORE:
            first += 1
        matched = len({word.stem for word in found[first : last + 1]})
        if matched > most:
            best, most = found[first].start, matched
    return best, most


def _cut(text: str, place: int) -> str:
    """Some characters around a place, at words' ends."""
    start = 0 if place <= _BEFORE else text.find(" ", place - _BEFORE, place) + 1 or place
    end = start + SNIPPET
    if end < len(text):
        end = text.rfind(" ", place + 1, end) if " " in text[place + 1 : end] else end
        return ("… " if start else "") + text[start:end].rstrip() + " …"
    return ("… " if start else "") + text[start:]
