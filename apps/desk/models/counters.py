from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.tickets.models import Ticket

# 0 stands for "none" in these tables: NULL is never unique, and nobody has the id 0.
NONE = 0
DIMENSIONS = (
    "team_id",
    "assignee_id",
    "category_id",
    "status_category",
    "priority",
    "is_major",
    "is_waiting",
)


class Dimensions(models.Model):
    """What tickets are counted by. Plain numbers: a count outlives what it was counted by."""

    team_id = models.BigIntegerField(default=NONE)
    assignee_id = models.BigIntegerField(default=NONE)
    category_id = models.BigIntegerField(default=NONE)
    status_category = models.CharField(max_length=10)
    priority = models.PositiveSmallIntegerField()
    is_major = models.BooleanField(default=False)
    is_waiting = models.BooleanField(default=False)  # the customer waits for an answer

    class Meta:
        abstract = True


class Place(Dimensions):
    """Where an active ticket was last counted: a second delivery finds nothing to change."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return f"place of #{self.ticket_id}"


class Tally(Dimensions):
    """How many active tickets stand at one place. Facts keep it; pages add a few rows up."""

    count = models.IntegerField(default=0)

    class Meta:
        verbose_name_plural = _("tallies")
        constraints = [
            # Also how a fact finds its row.
            models.UniqueConstraint(fields=list(DIMENSIONS), name="tally_once"),
        ]
        indexes = [
            # My own counts without a walk through everybody's.
            models.Index(fields=["assignee_id"], name="tally_assignee", condition=Q(count__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.count} of {self.status_category} in {self.team_id}"


class DayCount(models.Model):
    """How often a person did one kind of thing on one day of their own time zone."""

    class Deed(models.TextChoices):
        SOLVED = "solved", _("Solved")
        REPLIED = "replied", _("Replied")
        TAKEN = "taken", _("Taken")

    day = models.DateField()
    user_id = models.BigIntegerField()
    deed = models.CharField(max_length=10, choices=Deed)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            # Also how a person's day is read.
            models.UniqueConstraint(fields=["user_id", "day", "deed"], name="day_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.deed} {self.count} on {self.day}"
