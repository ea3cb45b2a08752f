"""Messages that reach the worker tier, by their kind. An app lists its own in `receivers`.

A message is a JSON object. Its kind is what it says of itself: "kind:claims" for the desk's own,
"notificationType:Received" or "eventType:Bounce" for what SES tells, "NewStateValue:ALARM" for
what CloudWatch does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Message = Mapping[str, Any]
Receiver = Callable[[Message], None]

_SAYS = ("kind", "notificationType", "eventType", "NewStateValue")
_receivers: dict[str, Receiver] = {}


class MessageRefusedError(Exception):
    """Nobody here can make anything of it: it is not taken, and ends among the dead letters."""


def receives(*kinds: str) -> Callable[[Receiver], Receiver]:
    """Call the function for each message of these kinds, at least once and in any order.

    It commits what it does before it returns: the message is gone then. It raises
    MessageRefusedError for a message that it can't read; after any other error it comes again.
    """

    def register(receiver: Receiver) -> Receiver:
        for kind in kinds:
            if _receivers.setdefault(kind, receiver) is not receiver:
                raise TypeError(f"{kind} is received already")
        return receiver

    return register


def kind_of(message: Message) -> str:
    """Empty for one that doesn't say."""
    said = next((name for name in _SAYS if isinstance(message.get(name), str)), None)
    return f"{said}:{message[said]}" if said else ""


def receive(message: Message) -> None:
    """Raises MessageRefusedError, and whatever its receiver raises."""
    kind = kind_of(message)
    if kind not in _receivers:
        raise MessageRefusedError(f"this release receives no {kind or 'message without a kind'}")
    _receivers[kind](message)
