from __future__ import annotations

from django.db import models


class Kind(models.TextChoices):
    """What a notification is about, in the words of the preferences page."""

    RECEIVED = "received", "We received your request"
    REPLY = "reply", "There is a new answer on a request"
    SOLVED = "solved", "A request was solved, reopened or withdrawn"
    MERGED = "merged", "A request was joined with another one"
    RATING = "rating", "We ask how our help was, once a request is solved"
    NEW = "new", "A new ticket waits for your team"
    ASSIGNED = "assigned", "A ticket was assigned to you"
    NOTE = "note", "A colleague wrote a work note"


# What customers never get needs no switch on their page.
STAFF_KINDS = frozenset({Kind.NEW, Kind.ASSIGNED, Kind.NOTE})
