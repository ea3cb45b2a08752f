from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.accounts.models import Team

LONGEST_NAME = 60


class SavedView(models.Model):
    """A filter of the queue that somebody kept. `filter` is apps.tickets.filters' JSON."""

    class Sharing(models.TextChoices):
        NOBODY = "nobody", "Only me"
        TEAMS = "teams", "Some teams"
        EVERYBODY = "everybody", "Everybody on the desk"

    class Icon(models.TextChoices):
        FILTER = "filter_list", "Filter"
        STAR = "star", "Star"
        FLAG = "flag", "Flag"
        BOLT = "bolt", "Bolt"
        HOURGLASS = "hourglass_empty", "Hourglass"
        CARD = "credit_card", "Card"
        SHIELD = "shield", "Shield"
        PEOPLE = "group", "People"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=LONGEST_NAME)
    sharing = models.CharField(max_length=10, choices=Sharing, default=Sharing.NOBODY)
    teams = models.ManyToManyField(Team, related_name="+", blank=True)
    filter = models.JSONField(default=dict)
    order = models.CharField(max_length=10, default="activity")  # of apps.tickets.orders
    icon = models.CharField(max_length=20, choices=Icon, default=Icon.FILTER)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_name"),
        ]
        indexes = [
            # The views that everybody, or a team, sees beside their own.
            models.Index(
                fields=["sharing", "position"],
                name="saved_view_shared",
                condition=~Q(sharing="nobody"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DeskPreference(models.Model):
    """How one person likes the desk."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    first_view = models.CharField(max_length=20, blank=True)  # a view's key: "mine", "v12"

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"
