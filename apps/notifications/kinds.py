from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What a notification is about, in the words of the preferences page."""

    RECEIVED = "received", _("We received your request")
    REPLY = "reply", _("There is a new answer on a request")
    SOLVED = "solved", _("A request was solved, reopened or withdrawn")
    MERGED = "merged", _("A request was joined with another one")
    RATING = "rating", _("We ask how our help was, once a request is solved")
    NEW = "new", _("A new ticket waits for your team")
    ASSIGNED = "assigned", _("A ticket was assigned to you")
    NOTE = "note", _("A colleague wrote a work note")
    MENTIONED = "mentioned", _("A colleague mentioned you in a work note")
    HELD = "held", _("A reply of yours was not sent")
    UNDELIVERED = "undelivered", _("An answer could not be delivered")


# What customers never get needs no switch on their page.
STAFF_KINDS = frozenset(
    {Kind.NEW, Kind.ASSIGNED, Kind.NOTE, Kind.MENTIONED, Kind.HELD, Kind.UNDELIVERED}
)

# What the notifications page says of one, with and without somebody who wrote.
SAID = {
    Kind.RECEIVED: _("We received your request"),
    Kind.REPLY: _("There is a new answer"),
    Kind.SOLVED: _("It was solved, reopened or withdrawn"),
    Kind.MERGED: _("It was joined with another request"),
    Kind.RATING: _("How was our help? Tell us on its page"),
    Kind.NEW: _("It waits for your team"),
    Kind.ASSIGNED: _("It was assigned to you"),
    Kind.NOTE: _("There is a new work note"),
    Kind.MENTIONED: _("You were mentioned in a work note"),
    Kind.HELD: _("Your reply was not sent"),
    Kind.UNDELIVERED: _("An answer could not be delivered"),
}
SAID_BY = {
    Kind.REPLY: _("%(name)s answered"),
    Kind.NOTE: _("%(name)s wrote a work note"),
    Kind.MENTIONED: _("%(name)s mentioned you"),
}
