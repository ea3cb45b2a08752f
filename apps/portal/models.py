from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.portal.querysets import DeflectionQuerySet

DeflectionManager = models.Manager.from_queryset(DeflectionQuerySet)


class Deflection(models.Model):
    """Somebody who was about to raise a request opened an article that was suggested to them."""

    class Outcome(models.TextChoices):
        OPEN = "", "Not known yet"
        SAID = "said", "They said that it answered them"
        LEFT = "left", "They left and asked nothing for a day"
        PASSED = "passed", "It did not end the visit"

    visit = models.UUIDField()  # the form's submission: one visit, one request at most
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    article_id = models.BigIntegerField()  # no foreign key: the count outlives the article
    opened_at = models.DateTimeField()
    outcome = models.CharField(max_length=6, choices=Outcome, default=Outcome.OPEN, blank=True)
    settled_at = models.DateTimeField(null=True)

    objects = DeflectionManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "reader", "article_id"], name="deflection_once_a_visit"
            ),
            models.CheckConstraint(
                condition=Q(outcome="", settled_at=None)
                | ~Q(outcome="") & Q(settled_at__isnull=False),
                name="deflection_settled_has_outcome",
            ),
        ]
        indexes = [
            # What the chore settles next: DeflectionQuerySet.due().
            models.Index(fields=["opened_at"], name="deflection_due", condition=Q(settled_at=None)),
        ]

    def __str__(self) -> str:
        return f"article {self.article_id}: {self.outcome or 'open'}"
