from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.tickets.querysets import RatingQuerySet

RatingManager = models.Manager.from_queryset(RatingQuerySet)


class Score(models.IntegerChoices):
    """How satisfied a customer is. CSAT is the share of the upper two."""

    VERY_BAD = 1, _("Very bad")
    BAD = 2, _("Bad")
    FAIR = 3, _("Fair")
    GOOD = 4, _("Good")
    VERY_GOOD = 5, _("Very good")


class Rating(models.Model):
    """What the requester thought of one solving: a ticket that is solved again is asked again."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="ratings")
    solved_at = models.DateTimeField()  # the ticket's resolved_at then: it names the solving
    requested_at = models.DateTimeField(null=True)  # by mail
    score = models.PositiveSmallIntegerField(choices=Score, null=True)
    comment = models.TextField(blank=True)
    given_at = models.DateTimeField(null=True)  # for the first time
    changed_at = models.DateTimeField(null=True)

    objects = RatingManager()

    class Meta:
        constraints = [
            # It also serves the ratings of one ticket.
            models.UniqueConstraint(fields=["ticket", "solved_at"], name="rating_once_a_solving"),
            models.CheckConstraint(
                condition=Q(score=None, given_at=None, comment="")
                | Q(score__range=(1, 5), given_at__isnull=False),
                name="rating_is_given_or_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.score or 'no'} stars for #{self.ticket_id}"
