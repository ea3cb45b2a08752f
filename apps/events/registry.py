"""Who listens to which facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from apps.events.envelope import Envelope
from apps.events.facts import Fact

Handler = Callable[[Envelope], None]
Wanted = Callable[[str], bool]

# Who hears every fact, many at a time: apps.events.stream. It has no handler.
STREAM = "stream"

_handlers: dict[str, Handler] = {}
_subscriptions: dict[str, list[str]] = defaultdict(list)
_choosers: dict[str, Wanted] = {}
_hearers_of_all: list[str] = [STREAM]


def subscriber(*facts: type[Fact]) -> Callable[[Handler], Handler]:
    """Call the function for each of these facts, at least once each, in order per subject.

    It runs in a transaction of its own that also marks the delivery as done, so what it writes to
    the database happens once. What it does outside (a mail, a job) may happen again: key it by
    (event, subscriber), keep it short, and leave slow work to a task sent with
    `transaction.on_commit`.
    """

    def register(handler: Handler) -> Handler:
        key = _key(handler)
        _handlers[key] = handler
        for fact in facts:
            if key not in _subscriptions[fact.name]:
                _subscriptions[fact.name].append(key)
        return handler

    return register


def hears_everything(*, wanted: Wanted) -> Callable[[Handler], Handler]:
    """Like `subscriber`, for each fact whose name is wanted at the moment it is recorded.

    It is asked for every fact, in the transaction that records it: it answers from memory.
    """

    def register(handler: Handler) -> Handler:
        _handlers[_key(handler)] = handler
        _choosers[_key(handler)] = wanted
        return handler

    return register


def _key(handler: Handler) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"


def subscribers_of(name: str) -> tuple[str, ...]:
    choosing = (key for key, wanted in _choosers.items() if wanted(name))
    return (*_subscriptions.get(name, ()), *choosing, *_hearers_of_all)


def handler_of(key: str) -> Handler:
    """Raises LookupError for a subscriber that only another release knows."""
    if key not in _handlers:
        raise LookupError(f"this release has no subscriber {key}")
    return _handlers[key]


@contextmanager
def only(*keys: str) -> Iterator[None]:
    """Inside, only these subscribers exist."""
    kept = dict(_handlers), {name: list(found) for name, found in _subscriptions.items()}
    choosers = dict(_choosers)
    of_all = list(_hearers_of_all)
    for key in set(_handlers) - set(keys):
        del _handlers[key]
        _choosers.pop(key, None)
    for found in _subscriptions.values():
        found[:] = [key for key in found if key in keys]
    _hearers_of_all[:] = [key for key in of_all if key in keys]
    try:
        yield
    finally:
        _handlers.clear()
        _handlers.update(kept[0])
        _subscriptions.clear()
        _subscriptions.update(kept[1])
        _choosers.clear()
        _choosers.update(choosers)
        _hearers_of_all[:] = of_all
