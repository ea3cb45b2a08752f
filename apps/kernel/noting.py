"""What is known of whoever is being served: log lines and spans say it (apps.ops.logs).

Ids only, never words: what is noted ends in logs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

Noted = dict[str, int | str]

_noted: ContextVar[Noted | None] = ContextVar("noted", default=None)
_TICKET = "ticket:"


@contextmanager
def scope(**known: int | str) -> Iterator[Noted]:
    """One request, job or delivery: what is noted inside is known until its end, and no longer."""
    found: Noted = dict(known)
    token = _noted.set(found)
    try:
        yield found
    finally:
        _noted.reset(token)


def note(**known: int | str) -> None:
    """Nothing outside a scope: nobody would forget it."""
    found = _noted.get()
    if found is not None:
        found |= known  # in place: whoever opened the scope sees it


def note_subject(subject: str) -> None:
    """The ticket that a fact is about, if it is about one."""
    if subject.startswith(_TICKET):
        note(ticket=int(subject.removeprefix(_TICKET)))


def noted() -> Mapping[str, int | str]:
    return _noted.get() or {}
