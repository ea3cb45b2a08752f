"""Whether mail to an address makes sense."""

from __future__ import annotations

from apps.notifications.models import Recipient


def standing_of(address: str) -> Recipient | None:
    """What is known of an address; None for one that nobody complained of."""
    return Recipient.objects.filter(address=address.lower()).first()


def trouble_of(address: str) -> Recipient | None:
    """The address if no mail goes to it, or if it came back for now."""
    known = standing_of(address)
    return known if known is not None and known.state != Recipient.State.OK else None


def is_blocked(address: str) -> bool:
    known = standing_of(address)
    return known is not None and known.is_blocked
