"""The lists of the portal, as conditions on the index: searching stays in the list one looks at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from apps.search import keys
from apps.search.expressions import Expression, Key, any_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Among:
    """What is left out narrows nothing. Ids of rows; `standings` are categories of statuses."""

    requester: int | None = None
    participant: int | None = None  # watches it
    organisation: int | None = None
    standings: Collection[str] = ()
    category: int | None = None

    def parts(self) -> tuple[Expression, ...]:
        found: list[Expression] = []
        if self.requester is not None:
            found.append(Key(keys.requester(self.requester)))
        if self.participant is not None:
            found.append(Key(keys.watcher(self.participant)))
        if self.organisation is not None:
            found.append(Key(keys.readers_of(self.organisation)))
        if self.category is not None:
            found.append(Key(keys.category(self.category)))
        if self.standings:
            found.append(any_key(keys.standing(one) for one in self.standings))
        return tuple(found)
