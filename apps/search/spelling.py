"""What a mistyped word may have meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SHORT = 5  # letters: up to here one slip, beyond it two


def slips(word: str) -> set[str]:
    """Every word that one slip of the fingers makes of this one: some 54 a letter."""
    return set(_slips(word)) - {word}


def _slips(word: str) -> Iterator[str]:
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        for letter in _LETTERS:
            yield before + letter + after
            if after:
                yield before + letter + after[1:]
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Those that may be meant, the likeliest first: fewest slips, same beginning, same length."""
    most = 1 if len(word) <= _SHORT else 2

    def unlikely(other: str) -> tuple[int, bool, int, str]:
        return slipped(word, other), word[:1] != other[:1], abs(len(word) - len(other)), other

    near = (other for other in known if abs(len(word) - len(other)) <= most and other != word)
    return [other for slips, *_, other in sorted(map(unlikely, near)) if slips <= most]


def slipped(one: str, other: str) -> int:
    """How many letters were added, dropped, changed or swapped (optimal string alignment)."""
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        two_above, above, row = above, row, [i]
        for j, b in enumerate(other, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, two_above[j - 2] + 1)
            row.append(cost)
    return row[-1]


def trigrams(word: str) -> set[str]:
    """As pg_trgm takes them: two blanks before the word, one after it."""
    padded = f"  {word} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)}


def likeness(one: str, other: str) -> float:
    """The share of trigrams that two words have in common, from 0 to 1."""
    a, b = trigrams(one), trigrams(other)
    return len(a & b) / len(a | b)
