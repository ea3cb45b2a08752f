"""How often what happens in the demo. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import log10

from demo.desk import Desk
from demo.plots import Outcome
from demo.rhythm import DAY

# A lively mix up to so many tickets, and a desk that keeps up with its work from so many.
SMALL, LARGE = 1_000, 100_000

# What tickets up to so many days old have become: weights in the order of _OUTCOMES.
_OUTCOMES: tuple[Outcome, ...] = (
    "new", "open", "pending", "on-hold", "scheduled", "resolved", "closed", "cancelled", "spam",
)  # fmt: skip
_AGES = (2, 6, 14, 120)  # days; the last row is for whatever is older
_LIVELY = (
    (45, 27, 11, 3, 2, 9, 0, 1.5, 1.5),
    (13, 40, 15, 7, 4, 17, 0, 2, 2),
    (2, 43, 12, 8, 4, 27, 0, 2, 2),
    (0, 25, 6, 5, 3, 14, 42, 3, 2),
    (0, 25, 6, 5, 3, 14, 42, 3, 2),
)
_STEADY = (
    (35, 25, 14, 4, 2, 17, 0, 1.5, 1.5),
    (5, 20, 16, 6, 3, 46, 0, 2, 2),
    (0.5, 10, 8, 5, 3, 69.5, 0, 2, 2),
    (0, 5, 1.5, 2, 1, 3.5, 83, 2, 2),
    (0, 1.4, 0.2, 0.6, 0.3, 0.5, 92, 2.5, 2.5),
)


class Outcomes:
    """What becomes of a ticket of a certain age, on a desk with so many tickets."""

    def __init__(self, tickets: int) -> None:
        worn = log10(max(tickets, SMALL) / SMALL) / log10(LARGE / SMALL)
        steady = min(worn, 1.0)
        self._sums = [
            tuple(accumulate(a * (1 - steady) + b * steady for a, b in zip(*rows, strict=True)))
            for rows in zip(_LIVELY, _STEADY, strict=True)
        ]

    def pick(self, chance: float, *, age: float) -> Outcome:
        """`chance` runs from 0 to 1, `age` counts seconds."""
        sums = self._sums[bisect_right(_AGES, age / DAY)]
        return _OUTCOMES[bisect_right(sums, chance * sums[-1])]


class Popularity:
    """Which intent a question has: few are frequent, many are rare (Zipf's law, nearly)."""

    def __init__(self, desk: Desk) -> None:
        others = (intent for intent in desk.category_of if intent not in desk.popular)
        self._intents = (*desk.popular, *others)
        weights = (1 / (rank + 4) ** 0.9 for rank in range(len(self._intents)))
        self._sums = tuple(accumulate(weights))

    def pick(self, chance: float) -> str:
        return self._intents[bisect_right(self._sums, chance * self._sums[-1])]


class Audience:
    """Who writes: mostly private customers, some of them often; those of desk.people now and then.

    Somebody who signs in to look at a demo finds tickets, but not thousands.
    """

    def __init__(self, desk: Desk, tickets: int) -> None:
        self._size = audience(tickets)
        customers = {key: p for key, p in desk.people.items() if p.role == "requester"}
        shown = {sign_in.person for sign_in in desk.sign_ins}
        homes = {p.organisation for key, p in customers.items() if key in shown} - {None}
        groups: Mapping[tuple[float, float], Sequence[str]] = {
            (0.03, 30): [k for k, p in customers.items() if k in shown and not p.organisation],
            (0.04, 60): [k for k, p in customers.items() if p.organisation in homes],
            (0.10, 400): [k for k, p in customers.items() if p.organisation not in {None, *homes}],
        }
        self._groups = [
            (min(share, most / tickets), keys) for (share, most), keys in groups.items() if keys
        ]

    def pick(self, chance: float) -> str:
        """A person's key."""
        for share, keys in self._groups:
            if chance < share:
                return keys[int(chance / share * len(keys))]
            chance = (chance - share) / (1 - share)
        return f"c{int(self._size * chance**1.5)}"


def audience(tickets: int) -> int:
    """How many customers, besides those of desk.people, raise so many tickets."""
    return max(20, min(200_000, tickets * 2 // 5))
