"""Who else keeps stored files: an upper app that holds some before an attachment names them."""

from __future__ import annotations

from collections.abc import Callable

Keeper = Callable[[str], bool]

_keepers: list[Keeper] = []


def register(keeper: Keeper) -> None:
    """The function says whether its app still holds the file of a key."""
    _keepers.append(keeper)


def is_kept(key: str) -> bool:
    return any(keeper(key) for keeper in _keepers)
