"""Who looks at facts in the process that recorded them, as soon as they are committed.

For figures of this process and its build. A witness may be missed, when the process is killed just
then; what must happen is a subscriber's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial

from django.db import transaction

from apps.events.envelope import Envelope
from apps.events.facts import Fact

Witness = Callable[[Envelope], None]

_witnesses: dict[str, list[Witness]] = defaultdict(list)


def witness(*facts: type[Fact]) -> Callable[[Witness], Witness]:
    """Call the function after the commit of each of these facts. It is quick, and may fail."""

    def register(function: Witness) -> Witness:
        for fact in facts:
            _witnesses[fact.name].append(function)
        return function

    return register


def announce(event: Envelope) -> None:
    """Have the witnesses of a fact called when this transaction is committed."""
    for each in _witnesses.get(event.name, ()):
        transaction.on_commit(partial(each, event), robust=True)
