"""Text to words, the same for the index, the query and the highlights. Pure.

A word is a run of letters and digits, folded (case, accents, width) and freed of the English
plural. Chinese and Japanese, which don't part their words, are taken a sign at a time.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 64  # characters of a word that count
_SIGNS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_SIGNS}]|[^\W_{_SIGNS}](?:[^\W_{_SIGNS}]|[\u0300-\u036f])*")

# Words that say nothing about what somebody asks: left out when any of the words will do.
_COMMON = """
a about all am an and any are as at be been but by can could did do does for from get got had has
have hello help hi how i if in into is it its just me my no not of on or our please so that the
their them then there they this to up was we were what when where which who why will with would
you your aber als auf aus bei bin bitte das dass dem den der des die ein eine einen er es fur hallo
hat ich ihr im ist ja kann man mein meine mich mir mit nach nicht oder sie sind und uns von war
warum wenn wer wie wir wird wo zu zum zur
"""
COMMON = frozenset(_COMMON.split())


@dataclass(frozen=True, slots=True)
class Found:
    """A word and where it stands: `text[start:end]`."""

    folded: str
    stem: str
    start: int
    end: int


def words(text: str) -> Iterator[Found]:
    for match in _WORD.finditer(text):
        folded, root = _normal(match[0])
        if folded:
            yield Found(folded, root, match.start(), match.end())


def stems(text: str) -> list[str]:
    """The words of a text as the index keeps them, in order."""
    pairs = map(_normal, _WORD.findall(text))
    return [root for folded, root in pairs if folded]


def vocabulary(text: str) -> set[tuple[str, str]]:
    """Words that a typo may have meant, each with its stem: of letters only, not too short."""
    return {pair for pair in map(_normal, set(_WORD.findall(text))) if _may_be_meant(pair[0])}


def _may_be_meant(word: str) -> bool:
    return 4 <= len(word) <= 30 and word.isalpha()  # noqa: PLR2004 - what people mistype


@functools.lru_cache(maxsize=200_000)
def _normal(word: str) -> tuple[str, str]:
    folded = fold(word)
    return folded, stem(folded)


def fold(word: str) -> str:
    """A word without case, accents and width: “Ärger” and “ARGER” are both “arger”."""
    if word.isascii():
        return word.lower()[:LONGEST]
    parts = unicodedata.normalize("NFKD", word.casefold())
    bare = "".join(sign for sign in parts if not unicodedata.combining(sign))
    return "".join(sign for sign in bare.casefold() if sign.isalnum())[:LONGEST]


def stem(word: str) -> str:
    """The singular of an English plural, roughly: Harman's S-stemmer (JASIS 42/1, 1991), mended.

    Nothing else is cut off, so that other languages lose little: the same word is always cut the
    same way.
    """
    if len(word) < 4 or not word.endswith("s") or not word.isalpha():  # noqa: PLR2004
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses", "zes")):
        return word[:-2]
    if word.endswith(("us", "ss", "is")):
        return word
    return word[:-1]
