"""Text from strangers: names and subjects fit for one line, moments in addresses. Pure."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

# Embeddings, overrides and isolates: what follows them on a page or in a mail would turn round.
# The plain marks (U+200E, U+200F) and the joiners stay: Arabic, Persian and emoji need them.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Letters by their category, and blank all the same.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_DIGITS = 18  # what the databases' integers hold
MARKS = 8  # accents on one letter: Vietnamese and Thai need three, heaps of them hide other lines


def one_line(text: str) -> str:
    """A text on one line, without control characters; empty if nothing of it would be seen."""
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if category in {"Cc", "Cs", "Zl", "Zp"}:
            kept.append(" ")
        elif character not in _TURNING and marks <= MARKS:
            kept.append(character)
    line = " ".join("".join(kept).split())
    return line if any(map(_has_ink, line)) else ""


def _has_ink(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK


def parse_moment(text: str) -> datetime | None:
    """A moment in ISO 8601 with its offset, in UTC; None for anything else that somebody writes."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):  # there is no such day; or it is none in UTC
        return None


def number_in(text: str) -> int:
    """The number of a row in an address or a form; 0, which no row has, for anything else."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else 0
