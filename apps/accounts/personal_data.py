"""Where personal data is kept: each app says what it holds and how it lets go of it.

An app registers in its module `privacy`, which is found by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apps.accounts.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """`export` gives JSON-ready values; `forget` runs in the anonymising transaction.

    `forget` gets the person as they were: address and name are still there.
    """

    name: str
    export: Callable[[User], object]
    forget: Callable[[User], None]


_holders: dict[str, Holder] = {}


def register(holder: Holder) -> None:
    _holders[holder.name] = holder


def holders() -> list[Holder]:
    return [_holders[name] for name in sorted(_holders)]
