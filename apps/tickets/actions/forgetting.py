from __future__ import annotations

from apps.accounts.models import User
from apps.kernel.actors import Actor
from apps.tickets.actions.uploading import discard_upload
from apps.tickets.models import Participant, Rating, Upload


def forget_person(user: User) -> None:
    """Take a person's address, comments, unsent files and places as a watcher off the tickets."""
    Participant.objects.filter(user=user).delete()
    Participant.objects.filter(address=user.email).delete()
    Rating.objects.filter(ticket__requester=user).update(comment="")
    for ref in Upload.objects.filter(owner=user).values_list("ref", flat=True):
        discard_upload(ref=ref, actor=Actor("person", user.pk))
