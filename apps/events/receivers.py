from __future__ import annotations

from apps.events import bodies, relay
from apps.events.inbox import Message, MessageRefusedError, receives


@receives("kind:claims")
def deliver(message: Message) -> None:
    """Run the subscribers of a fact. How each fared is kept with its delivery, not here.

    The message names deliveries by number: whoever forges one gets done what is due anyway.
    """
    if message.get("version") != bodies.CLAIMS_VERSION:
        raise MessageRefusedError(f"claims of version {message.get('version')!r}")
    try:
        seen = {int(claim["delivery"]): int(claim["seen"]) for claim in message["claims"]}
    except (KeyError, TypeError, ValueError) as error:
        raise MessageRefusedError("these are no claims") from error
    for claim in relay.take_over(seen):
        relay.deliver(claim)
