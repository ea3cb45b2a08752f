"""All that the desk caches: what is here is all that can be old. A test holds it to the code.

In a cache, which nothing else calls:

| what | whose | how old | forgotten by |
|---|---|---|---|
| BOARD: views and their counts | one agent's | 5 s | view.saved, view.removed; one's own changes |
| DIRECTORY: names, teams, statuses | the desk's | 30 s | what changes them: its facts below |
| HOUR: the last hour's figures | the desk's | 10 s | nothing |
| SESSIONS: a session's data | one browser's | 60 s | its end, and every change |
| PRESENCE: who has a ticket open | one person's, on one ticket | 25 s | leaving |
| PROBE: whether the cache works | one process's | 10 s | nothing |

Sign-in's own limits (allauth) are there too; ours stand beside them in the database
(apps.accounts.throttle). What must be done once and no more (a used one-time code) never depends on
a cache: such keys are GUARDS, and the database keeps them whichever cache there is.

Where each process has a memory of its own (CACHE_URL=memory:), facts reach the relay's alone: the
others are as old as the table says. Where it is shared, they are forgotten everywhere.

In each process's own memory, whichever cache there is. No fact reaches these: the process that made
a change forgets at most its own, the others go on until the time is over.

| where | what | how old | forgotten by |
|---|---|---|---|
| tickets.reference._statuses | statuses | KEPT_SECONDS | nothing |
| tickets.reference._matrix | priorities by impact and urgency | KEPT_SECONDS | nothing |
| tickets.reference._categories | categories of tickets | KEPT_SECONDS | nothing |
| tickets.reference._fields | their fields | KEPT_SECONDS | nothing |
| tickets.reference._teams | teams | KEPT_SECONDS | nothing |
| desk.options.options | what a list of tickets can be narrowed to | KEPT_SECONDS | nothing |
| portal.views.tickets._unchosen | categories as a form's choices | KEPT_SECONDS | nothing |
| knowledge.shelf._categories | categories of articles | KEPT_SECONDS | nothing |
| webhooks.reference.wanted | facts that webhooks hear of | KEPT_SECONDS | their changes |
| search.adapters.postgresql.has_trigrams | whether pg_trgm is there | KEPT_SECONDS | nothing |
| accounts.identity.keys.Keys | a provider's keys | 3600 s; 86400 s if it is away | an unknown one |
| accounts.identity.adapters._sign_out_of | where a provider signs out | 3600 s | nothing |
| ops.health.Watch | whether a part works | 10 s | nothing |
| project.parameters.renewing | the database's password | 60 s | nothing |

What functions answer by their arguments alone (functools.cache, apps.kernel.compiled) never grows
old.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.core.cache import BaseCache, caches

from apps.kernel.shapes import shape_of

logger = logging.getLogger(__name__)

Value = TypeVar("Value")

GUARDS = ("allauth.mfa.totp.used",)

MAKING = 10  # seconds that making a value may take before somebody else begins too
PATIENCE, LOOK = 3.0, 0.02  # seconds
GENERATION = 600  # seconds: longer than any value is kept or made


@dataclass(frozen=True, slots=True)
class _Held(Generic[Value]):
    fresh_until: float
    generation: tuple[object, object]
    value: Value


@dataclass(frozen=True, slots=True)
class _Place:
    """Keys of a value and of its generations, which all releases share."""

    key: str
    part: object = ""
    shape: str = ""

    @property
    def value(self) -> str:
        return f"{self.key}:{_FRAME}{self.shape}:{self.part}"

    @property
    def generation(self) -> str:
        return f"{self.key}:{self.part}:g"

    @property
    def all_generations(self) -> str:
        return f"{self.key}:g"


_FRAME = shape_of(_Held)


@dataclass(frozen=True, slots=True)
class Computed(Generic[Value]):
    """A value that is made when it is asked for, by one of those who ask at the same time.

    Whoever finds it too old while another makes it anew gets the old one; whoever finds none waits.
    `facts` forget it, for every `part`; so does `forget`, for one. A value whose making began
    before that is not kept. `holds` is the type of the value: what another release keeps of another
    shape stands under another key, and is forgotten all the same.
    """

    key: str
    seconds: int
    facts: tuple[str, ...] = ()

    def get(self, make: Callable[[], Value], part: object = "", *, holds: Any = object) -> Value:
        cache = caches["default"]
        if is_away(cache):
            return make()
        place = _Place(self.key, part, shape_of(holds))
        held, generation = self._look(cache, place)
        if held is not None and time.time() < held.fresh_until:
            return held.value
        lock = f"{place.value}:making"
        if cache.add(lock, 1, MAKING):
            try:
                return self._make(cache, make, place)
            finally:
                cache.delete(lock)
        if held is not None:
            return held.value
        return self._wait(cache, make, place, generation)

    def forget(self, part: object) -> None:
        place = _Place(self.key, part)
        caches["default"].set(place.generation, secrets.token_hex(8), GENERATION)

    def forget_all(self) -> None:
        caches["default"].set(_Place(self.key).all_generations, secrets.token_hex(8), GENERATION)

    def _look(self, cache: BaseCache, place: _Place) -> tuple[_Held[Value] | None, Any]:
        """What is kept and was not forgotten. One round trip."""
        found = cache.get_many([place.value, place.generation, place.all_generations])
        generation = found.get(place.generation), found.get(place.all_generations)
        held = found.get(place.value)
        if isinstance(held, _Held) and held.generation == generation:
            return held, generation
        return None, generation

    def _make(self, cache: BaseCache, make: Callable[[], Value], place: _Place) -> Value:
        held, generation = self._look(cache, place)
        if held is not None and time.time() < held.fresh_until:
            return held.value  # made since we looked
        value = make()
        kept = _Held(time.time() + self.seconds, generation, value)
        cache.set(place.value, kept, self.seconds + MAKING)
        return value

    def _wait(
        self, cache: BaseCache, make: Callable[[], Value], place: _Place, generation: object
    ) -> Value:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not is_away(cache):
            time.sleep(LOOK)
            held, _ = self._look(cache, place)
            if held is not None:
                return held.value
        logger.warning("waited in vain for %s, generation %s", self.key, generation)
        return make()


@dataclass(frozen=True, slots=True)
class Noted(Generic[Value]):
    """Values that are put there, and go by themselves after so many seconds."""

    key: str
    seconds: int
    cache: str = field(default="default")

    def put(self, part: object, value: Value) -> None:
        caches[self.cache].set(f"{self.key}:{part}", value, self.seconds)

    def put_if_none(self, part: object, value: Value) -> None:
        cache = caches[self.cache]
        if not is_away(cache):  # its `add` would ask the database then
            cache.add(f"{self.key}:{part}", value, self.seconds)

    def get(self, part: object) -> Value | None:
        found: Value | None = caches[self.cache].get(f"{self.key}:{part}")
        return found

    def get_many(self, parts: Iterable[object]) -> dict[object, Value]:
        """Those that are there. One round trip."""
        keys = {f"{self.key}:{part}": part for part in parts}
        return {keys[key]: value for key, value in caches[self.cache].get_many(list(keys)).items()}

    def drop(self, part: object) -> None:
        caches[self.cache].delete(f"{self.key}:{part}")


def is_away(cache: BaseCache) -> bool:
    """Whether it is known not to answer, so that nobody needs to ask."""
    return bool(getattr(cache, "is_away", False))


BOARD: Computed[Any] = Computed("desk.board.3", 5, facts=("view.saved", "view.removed"))
DIRECTORY: Computed[Any] = Computed(
    "desk.directory.2",
    30,
    facts=(
        *("team.changed", "person.changed", "access.granted", "access.denied"),
        *("desk.configured", "privacy.anonymised"),
    ),
)
HOUR: Computed[Any] = Computed("desk.hour.1", 10)
# "shared" is seen by every process, even where "default" is each one's own memory.
PRESENCE: Noted[tuple[Any, float]] = Noted("presence", 25, cache="shared")
SESSIONS: Noted[dict[str, Any]] = Noted("session", 60)
PROBE: Noted[str] = Noted("readyz", 10)

COMPUTED = (BOARD, DIRECTORY, HOUR)


def forget_by_fact(name: str) -> None:
    for entry in COMPUTED:
        if name in entry.facts:
            entry.forget_all()
