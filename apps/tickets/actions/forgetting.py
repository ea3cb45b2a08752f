from __future__ import annotations

from apps.accounts.models import User
from apps.tickets.models import Participant


def forget_person(user: User) -> None:
    """Take a person's address and their place as a watcher off every ticket."""
    Participant.objects.filter(user=user).delete()
    Participant.objects.filter(address=user.email).delete()
