"""The order of matches within a window, and where in it a page begins. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

from apps.search.index import Candidate

HALF_LIFE_DAYS = 180  # a match counts half if it is that much older than the newest one


@dataclass(frozen=True, slots=True)
class Cursor:
    """A page begins after `last` in the window that begins at `newest`.

    With `mended` it is the search with its typos mended that goes on.
    """

    newest: int
    last: int = 0
    mended: bool = False

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None for what is no cursor: whoever made it up gets the first page."""
        try:
            values = json.loads(base64.urlsafe_b64decode(text.encode()))
            cursor = cls(**values)
        except (ValueError, TypeError, binascii.Error, RecursionError):
            return None
        fits = all(type(n) is int and 0 <= n < 2**62 for n in (cursor.newest, cursor.last))
        return cursor if fits and type(cursor.mended) is bool else None

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()


def ordered(candidates: Sequence[Candidate], *, ranked: bool) -> list[Candidate]:
    """Best first: how well the words match, weighed by how lately anything happened.

    Without words to rank by, latest activity first.
    """
    if not candidates:
        return []
    if not ranked:
        return sorted(candidates, key=lambda c: (c.updated_at, c.key), reverse=True)
    latest = max(candidate.updated_at for candidate in candidates)

    def weight(candidate: Candidate) -> tuple[float, int]:
        age = (latest - candidate.updated_at).total_seconds() / 86_400
        return candidate.score / (1 + age / HALF_LIFE_DAYS), candidate.key

    return sorted(candidates, key=weight, reverse=True)
